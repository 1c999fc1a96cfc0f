"""Virtual time."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)

_TURNS = 10
"""Turns of the event loop that the others get to go to sleep themselves before time jumps to the next waking."""

_TURNS_ALONE = 2
"""It jumps after so many in which nobody had anything to do: most naps are those of somebody who is alone."""


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
        ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  # nothing public tells who is to run
        turns = alone = 0
        while turns < _TURNS and alone < _TURNS_ALONE:
            await asyncio.sleep(0)
            first = self._sleepers[0] == sleeper
            turns = turns + 1 if first else 0
            alone = alone + 1 if first and not ready else 0
