"""The queue of legs in memory, shared by the workers of a test: what DBOS promises, without its database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from agent.engine.leg import Leg

Drive = Callable[[Leg], Awaitable[str]]


class PlainQueue:
    """Implements `LegQueue`: one leg of a run at a time, the same leg never twice at once.

    Attributes:
        asked: every leg that was asked for, duplicates too.
        came: what came of those that were driven.
        taken_over: workers whose legs were asked for.
        busy: legs wait until it is cleared.
    """

    def __init__(self) -> None:
        self.asked: list[Leg] = []
        self.came: list[tuple[Leg, str]] = []
        self.taken_over: list[str] = []
        self.busy = False
        self._drive: Drive | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def open(self, _executor_id: str, drive: Drive) -> AsyncIterator["PlainQueue"]:
        """Drive what is asked for until the block ends; then the process is gone, with whatever it was doing."""
        self._drive = drive
        try:
            yield self
        finally:
            self._drive = None
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def ask(self, leg: Leg) -> None:
        self.asked.append(leg)
        if not self.busy and self._drive is not None and leg.leg_id not in self._tasks:
            self._tasks[leg.leg_id] = asyncio.create_task(self._driven(leg, self._drive))

    async def take_over(self, executor_id: str) -> list[str]:
        self.taken_over.append(executor_id)
        return []

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
