"""Virtual time."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)

_TURNS = 10
"""Turns of the event loop that the others get to go to sleep themselves before time jumps to the next waking."""


class FakeClock:
    """A `Clock` on which waiting takes no time: it jumps to whoever is to wake next, in order of waking."""

    def __init__(self, start: datetime = EPOCH) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int]] = []
        self._tickets = 0

    def now(self) -> datetime:
        """The virtual present, UTC."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Virtual seconds since the start."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self._elapsed += seconds

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time; the other tasks run meanwhile."""
        self._tickets += 1
        sleeper = (self._elapsed + max(seconds, 0.0), self._tickets)
        heapq.heappush(self._sleepers, sleeper)
        try:
            await self._until_first(sleeper)
            self._elapsed = max(self._elapsed, sleeper[0])
        finally:
            self._sleepers.remove(sleeper)
            heapq.heapify(self._sleepers)

    async def _until_first(self, sleeper: tuple[float, int]) -> None:
        turns = 0
        while turns < _TURNS:
            await asyncio.sleep(0)
            turns = turns + 1 if self._sleepers[0] == sleeper else 0
