"""Driving a batch: a few runs at a time in the order of its jobs, each held by this process from the start."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from agent.drive import Driver
from agent.parts import LEASE_SECONDS, Parts
from tools.errors import StoreUnusable, SwineherdError
from tools.spend_log.rows import ENDED, Run

LOOK_SECONDS = 0.5
"""Between two looks whether a pod more may be opened."""

NO_ROOM_SECONDS = 60.0
"""So long a job waits for pods of others to go; then it is tried, and the cap says why it does not fit."""


@dataclass
class BatchDriver:
    """Drives runs of one batch in this process.

    Attributes:
        at_once: so many runs at the same time, at most.
        trouble: run id → what kept it from being driven.
    """

    driver: Driver
    at_once: int
    trouble: dict[str, str] = field(default_factory=dict)
    _slots: asyncio.Semaphore = field(init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _starting: set[str] = field(default_factory=set)
    _going: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """All that is driven at a time shares the slots."""
        self._slots = asyncio.Semaphore(self.at_once)

    @property
    def _parts(self) -> Parts:
        return self.driver.parts

    async def drive(self, run_ids: Sequence[str], *, wait: bool, in_turn: bool = True) -> None:
        """Take every run as far as it goes; a run that somebody else drives is left to them.

        Args:
            in_turn: so many at once as may; a run that has a pod already waits for no turn.

        Raises:
            StoreUnusable: the spend log can't be written.
        """
        self.hold(run_ids)
        one = self._in_turn if in_turn else self._one
        driving = [asyncio.create_task(one(run_id, wait=wait)) for run_id in run_ids]
        try:
            outcomes = await asyncio.gather(*driving, return_exceptions=True)
        finally:
            for task in driving:
                task.cancel()
            await asyncio.gather(*driving, return_exceptions=True)
            with suppress(StoreUnusable):
                self.let_go(run_ids)
        for run_id, outcome in zip(run_ids, outcomes, strict=True):
            self._note(run_id, outcome)

    def _note(self, run_id: str, outcome: BaseException | None) -> None:
        """One run's trouble is no other's; a store that fails is everybody's."""
        match outcome:
            case None:
                return
            case StoreUnusable():
                raise outcome
            case SwineherdError():
                self.trouble[run_id] = str(outcome)
            case Exception():
                self.trouble[run_id] = f"{outcome!r} (a defect of ours)"
            case _:
                raise outcome

    def cancel(self, run_ids: Sequence[str], by: str) -> None:
        """Wish every run to end: jobs are stopped, what is there is fetched, pods are ended."""
        for run_id in run_ids:
            self._parts.log.request_cancel(run_id, self._parts.clock.now(), by)

    async def _in_turn(self, run_id: str, *, wait: bool) -> None:
        async with self._slots:
            async with self._turn:
                await self._room(run_id)
                self._starting.add(run_id)
            try:
                await self._one(run_id, wait=wait)
            finally:
                self._starting.discard(run_id)

    async def _one(self, run_id: str, *, wait: bool) -> None:
        self._going.add(run_id)
        try:
            await self.driver.drive(run_id, wait=wait)
        finally:
            self._going.discard(run_id)

    async def _room(self, run_id: str) -> None:
        """Wait until one pod more may be opened: a cap on pods makes a job of a batch wait, not fail."""
        clock, waited_from = self._parts.clock, self._parts.clock.monotonic()
        while not self._may_start(run_id):
            if not self._going and clock.monotonic() - waited_from >= NO_ROOM_SECONDS:
                return
            await clock.sleep(LOOK_SECONDS)

    def _may_start(self, run_id: str) -> bool:
        run = self._parts.run(run_id)
        if run.cancel_requested or self._parts.money_at_work(run_id):
            return True
        self._starting = {other for other in self._starting if not self._counted(other)}
        usage = self._parts.log.usage(run_id, self._parts.clock.now())
        return usage.open_pods + len(self._starting) < self._parts.policy.budget.max_open_pods

    def _counted(self, run_id: str) -> bool:
        """Whether the run's own pod is among the open ones by now, or never will be."""
        return self._parts.run(run_id).status in ENDED or bool(self._parts.log.charges(run_id))

    def hold(self, run_ids: Sequence[str]) -> None:
        """Runs that wait for their turn are held too: nobody else is to drive them all at once."""
        for run_id in run_ids:
            self._parts.log.take_lease(
                run_id, self._parts.holder, self._parts.clock.now(), LEASE_SECONDS, self._parts.alive
            )

    def let_go(self, run_ids: Sequence[str]) -> None:
        """Anybody may drive them now."""
        for run_id in run_ids:
            self._parts.log.release_lease(run_id, self._parts.holder)


def at_work(parts: Parts, run_ids: Sequence[str]) -> list[str]:
    """Those that have bought, or are to be cancelled: they are driven whatever a human says of the others."""
    return [one for one in run_ids if parts.money_at_work(one) or parts.run(one).cancel_requested]


def to_do(parts: Parts, batch_id: str) -> list[str]:
    """Runs that have not ended, in the order of their jobs."""
    return [run.run_id for run in latest(parts, batch_id) if run.status not in ENDED]


def latest(parts: Parts, batch_id: str) -> list[Run]:
    """For each job, in order, the last run it had."""
    by_position = {job.position: job.run_id for job in parts.log.batch_jobs(batch_id)}
    return [parts.run(run_id) for _, run_id in sorted(by_position.items())]
