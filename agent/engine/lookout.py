"""The one watcher of a worker: it finds the runs that may go on, and asks for a leg for each.

Its cost follows what happens, not how many runs wait: rows come from an index by the time of their next look.
"""

import asyncio
from datetime import timedelta

import structlog

from agent.engine.allowance import Allowance
from agent.engine.asked import Asked
from agent.engine.crew import Crew
from agent.engine.leg import Leg, LegQueue
from agent.engine.legs import Legs
from agent.engine.metrics import Metrics
from agent.parts import Parts
from agent.watcher import Watcher, longest_wait
from tools.errors import SwineherdError
from tools.spend_log.rows import Awaited, Lease, Parked
from tools.spend_log.standing import stands_against

TICK_SECONDS = 0.25

ROUND_SECONDS = 1.0
"""Between two searches for runs that nobody holds."""

MOST_LOOKS_AT_ONCE = 32
"""So many may wait for a slow provider; humans and cancels are heeded meanwhile."""

MOST_ROWS = 100

_log = structlog.get_logger()


class Lookout:
    """Looks after every run of the home that nobody drives."""

    def __init__(
        self, parts: Parts, queue: LegQueue, legs: Legs, crew: Crew, metrics: Metrics, allowance: Allowance
    ) -> None:
        self._parts = parts
        self._queue = queue
        self._legs = legs
        self._crew = crew
        self._metrics = metrics
        self._watcher = Watcher(parts)
        self._asked = Asked(parts.clock)
        self._allowance = allowance
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._round_at = parts.clock.monotonic()

    async def tick(self) -> None:
        """Search for runs that nobody holds, every `ROUND_SECONDS`; begin the looks that are due.

        Raises:
            StoreUnusable: nothing was lost by it; the next tick tries again.
        """
        self._asked.forget_old()
        self._allowance.per_second = self._parts.policy.network.max_requests_per_second / self._crew.size
        if self._parts.clock.monotonic() >= self._round_at:
            self._round_at = self._parts.clock.monotonic() + ROUND_SECONDS
            await self._round()  # before the looks, which may use all that is allowed
        for row in self._due():
            if self._may_look(row):
                self._begin(row)

    async def close(self) -> None:
        """End the looks under way: they have changed nothing."""
        for look in self._looks.values():
            look.cancel()
        await asyncio.gather(*self._looks.values(), return_exceptions=True)

    def _due(self) -> list[Parked]:
        """Rows that a leg was asked for stay due until it has begun; they must not hide the others."""
        now = self._parts.clock.now()
        horizon = now + timedelta(seconds=longest_wait(self._parts.policy))
        return self._parts.log.due(now, horizon, (MOST_ROWS + len(self._asked)) * self._crew.size, self._parts.home_id)

    def _may_look(self, row: Parked) -> bool:
        if row.run_id in self._looks or not self._crew.mine(row.run_id) or self._asked.lately(_where(row)):
            return False
        if row.awaited is Awaited.HUMAN or _hastened(row):
            return True
        if len(self._looks) >= MOST_LOOKS_AT_ONCE:
            return False
        if self._parts.clock.now() >= row.until:
            self._allowance.need()
            return True
        return self._allowance.take()

    def _begin(self, row: Parked) -> None:
        task = asyncio.create_task(self._look(row))
        self._looks[row.run_id] = task
        task.add_done_callback(lambda _: self._looks.pop(row.run_id, None))

    async def _look(self, row: Parked) -> None:
        try:
            cause = await self._watcher.look(row)
            if cause is None and row.awaited is Awaited.HUMAN:
                # An answer makes the row due by itself; otherwise there is nothing to be seen before the deadline.
                self._parts.log.looked(row.run_id, row.seen, row.until)
                cause = self._watcher.heard(row)  # said since the look, it would have been noted over
            if cause is not None:
                self._metrics.woken(self._parts, row, cause)
                await self._ask(Leg(row.run_id, row.interrupt_id, cause), _where(row))
        except SwineherdError as error:
            _log.warning("no look", run_id=row.run_id, why=str(error))
        except Exception:  # noqa: BLE001 - the outermost edge of a look: it is made again, and the others go on
            _log.exception("a defect of ours", run_id=row.run_id)

    async def _ask(self, leg: Leg, where: str) -> None:
        self._asked.note(where)
        await self._queue.ask(leg)

    async def _round(self) -> None:
        """Runs that were submitted or let go, and those whose driver died. Each begins by asking the provider."""
        adrift = self._parts.log.adrift(MOST_ROWS * self._crew.size, self._parts.home_id)
        for run_id in [*self._orphaned(), *adrift]:
            if self._crew.mine(run_id) and not self._asked.lately(run_id):
                if not self._allowance.take():
                    return
                await self._ask(Leg(run_id), run_id)

    def _orphaned(self) -> list[str]:
        leases = self._parts.log.leases(self._parts.home_id)
        found = [lease.run_id for lease in leases if self._holds_nothing(lease)]
        return [run_id for run_id in found if not self._waits_in_a_batch(run_id)]

    def _waits_in_a_batch(self, run_id: str) -> bool:
        """Its turn comes when somebody goes on with the batch, which knows how many may run at once."""
        run = self._parts.run(run_id)
        begun = run.started_at is not None or run.cancel_requested
        return not begun and self._parts.log.batch_of(run_id) is not None

    def _holds_nothing(self, lease: Lease) -> bool:
        """Whether its holder is gone; or it is ours, was never given back, and no heartbeat renews it any more."""
        parts, now = self._parts, self._parts.clock.now()
        if lease.holder == parts.holder:
            return lease.run_id not in self._legs.run_ids and now >= lease.expires_at
        return not stands_against(lease, parts.holder, now, parts.alive)


def _hastened(row: Parked) -> bool:
    """By an answer or a cancel."""
    return row.next_look <= row.parked_at


def _where(row: Parked) -> str:
    """Where a run stands; an answer or a cancel need not wait for what comes of an earlier leg from there."""
    return f"{row.run_id}:{row.interrupt_id}:{'at once' if _hastened(row) else ''}"
