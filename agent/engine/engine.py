"""A worker: it drives every run that nobody drives, until it is told to end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import structlog

from agent.engine import chores
from agent.engine.allowance import Allowance
from agent.engine.counted_market import CountedMarket
from agent.engine.crew import BEAT_SECONDS, Crew, executor_id
from agent.engine.leg import Leg, LegQueue, WorkQueue
from agent.engine.legs import Legs
from agent.engine.lookout import TICK_SECONDS, Lookout
from agent.engine.metrics import Metrics
from agent.engine.nights import ROUND_SECONDS, TURN_SECONDS, NightWatch
from agent.engine.timed import Ring
from agent.herd import Herd
from tools.errors import SwineherdError

STALE_SECONDS = 30.0
"""After so long without a tick of the lookout the worker is not ready any more."""

POLICY_SECONDS = 60.0
"""Between two looks at whether the policy's file has changed."""

OpenQueue = Callable[[str, Callable[[Leg], Awaitable[str]], Ring], AbstractAsyncContextManager[WorkQueue]]
"""Opens the queue for an executor id, whoever drives the legs, and whoever sees to the times of schedules."""

_log = structlog.get_logger()


class Engine:
    """One worker on one store."""

    def __init__(self, herd: Herd, open_queue: OpenQueue) -> None:
        self.metrics = Metrics(herd.parts.log)
        self._allowance = Allowance(herd.parts.clock, herd.parts.policy.network.max_requests_per_second)
        market, failed = herd.parts.market, self.metrics.provider_error
        parts = replace(herd.parts, market=CountedMarket(market, failed, self._allowance.need))
        self._herd = replace(herd, parts=parts, driver=replace(herd.driver, parts=parts))
        self._parts = parts
        self._looking = replace(parts, market=CountedMarket(market, failed))
        self._open_queue = open_queue
        self._legs = Legs(self._herd.driver)
        self._crew = Crew(parts)
        self._nights = NightWatch(parts, herd.packer, self._crew)
        self._ticked_at: float | None = None
        self._told_of = False

    @property
    def herd(self) -> Herd:
        """What it drives with."""
        return self._herd

    def ready(self) -> bool:
        """Whether the store answers, and the lookout looked just now.

        Raises:
            StoreUnusable: it does not answer.
        """
        self._parts.log.frozen()
        since = None if self._ticked_at is None else self._parts.clock.monotonic() - self._ticked_at
        return since is not None and since < STALE_SECONDS

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then let go of everything: other workers, or a later one, go on with it."""
        self._crew.adopt()
        self._crew.join()
        async with self._open_queue(executor_id(self._parts.holder), self._drive, self._nights.ring) as queue:
            try:
                async with self._working(queue):
                    _log.info("working", pid=self._parts.holder.pid, workers=self._crew.size)
                    await stop.wait()
            finally:
                _log.info("draining", runs=len(list(self._legs.run_ids)))
                await self._drain(queue)
        _log.info("ended")

    async def _drive(self, leg: Leg) -> str:
        came = await self._legs.drive(leg)
        self.metrics.leg(came)
        return came

    @asynccontextmanager
    async def _working(self, queue: WorkQueue) -> AsyncIterator[None]:
        """Everything that asks for legs. A defect in one of these loops ends the worker: half a one is worse."""
        lookout = Lookout(self._looking, queue, self._legs, self._crew, self.metrics, self._allowance)
        await self._crew.round(queue)
        try:
            async with asyncio.TaskGroup() as loops:
                running = [
                    loops.create_task(self._every(BEAT_SECONDS, lambda: self._crew.round(queue))),
                    loops.create_task(self._every(TICK_SECONDS, lambda: self._tick(lookout))),
                    loops.create_task(self._every(chores.EVERY_SECONDS, lambda: self._chores(queue))),
                    loops.create_task(self._every(POLICY_SECONDS, self._tell_of_the_policy)),
                    loops.create_task(self._every(ROUND_SECONDS, lambda: self._nights.round(queue.keep_ringing))),
                    loops.create_task(self._every(TURN_SECONDS, lambda: self._nights.turns(queue))),
                ]
                yield
                for task in running:
                    task.cancel()
        finally:
            await lookout.close()
            await self._nights.close()

    async def _tick(self, lookout: Lookout) -> None:
        await lookout.tick()
        self._ticked_at = self._parts.clock.monotonic()

    async def _chores(self, queue: LegQueue) -> None:
        await chores.do_chores(self._herd, queue, self._crew)

    async def _tell_of_the_policy(self) -> None:
        """Once for each time that it is another than the one this worker read."""
        file = self._parts.policy_file
        changed = file.changed()
        if changed and not self._told_of:
            _log.warning("the policy has changed; a restart makes it hold", file=str(file.path))
        self._told_of = changed

    async def _every(self, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await act()
            except SwineherdError as error:
                _log.warning("trying again", why=str(error))
            await self._parts.clock.sleep(seconds)

    async def _drain(self, queue: LegQueue) -> None:
        """No new legs, and those under way to an end; this worker is off the list once the queue has heard of that."""
        queue.stop_taking()
        beating = asyncio.create_task(self._every(BEAT_SECONDS, lambda: self._crew.round(queue)))
        try:
            await self._legs.drain()
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        if await queue.settled():
            self._crew.leave()
