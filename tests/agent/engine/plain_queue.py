"""The queue of legs in memory, shared by the workers of a test: what DBOS promises, without its database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from agent.engine.leg import Leg
from agent.engine.timed import Ring, Timed

Drive = Callable[[Leg], Awaitable[str]]


class PlainQueue:
    """Implements `WorkQueue`: one leg of a run at a time, the same leg never twice at once; a test rings by itself.

    Attributes:
        asked: every leg that was asked for, duplicates too.
        came: what came of those that were driven.
        begun: legs that somebody had begun, by leg id; with whose executor id.
        again: legs of the dead that are to begin again.
        busy: legs wait until it is cleared.
        ring: sees to a time of a schedule, while a worker is there.
        kept: the schedules that are to ring.
    """

    def __init__(self) -> None:
        self.asked: list[Leg] = []
        self.came: list[tuple[Leg, str]] = []
        self.begun: dict[str, str] = {}
        self.again: list[str] = []
        self.busy = False
        self.ring: Ring | None = None
        self.kept: frozenset[Timed] = frozenset()
        self._drive: Drive | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def open(self, _executor_id: str, drive: Drive, ring: Ring) -> AsyncIterator["PlainQueue"]:
        """Drive what is asked for until the block ends; then the process is gone, with whatever it was doing."""
        self._drive, self.ring = drive, ring
        try:
            yield self
        finally:
            self._drive = self.ring = None
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def ask(self, leg: Leg) -> None:
        self.asked.append(leg)
        if not self.busy and self._drive is not None and leg.leg_id not in self._tasks:
            self._tasks[leg.leg_id] = asyncio.create_task(self._driven(leg, self._drive))

    async def keep_ringing(self, wanted: frozenset[Timed]) -> None:
        self.kept = wanted

    async def under_way(self) -> Mapping[str, str]:
        return dict(self.begun)

    async def begin_again(self, leg_ids: Sequence[str]) -> None:
        self.again += leg_ids
        for leg_id in leg_ids:
            del self.begun[leg_id]

    async def forget(self, ended_before: datetime) -> int:
        return 0

    def stop_taking(self) -> None:
        self.busy = True

    async def settled(self) -> bool:
        return not self._tasks

    async def _driven(self, leg: Leg, drive: Drive) -> None:
        try:
            async with self._runs.setdefault(leg.run_id, asyncio.Lock()):
                self.came.append((leg, await drive(leg)))
        finally:
            del self._tasks[leg.leg_id]
