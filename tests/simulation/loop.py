"""An event loop whose time is virtual: it waits for nothing and jumps to whoever is to wake next."""

import asyncio
import selectors
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(2026, 3, 30, 20, 0, tzinfo=UTC)
"""Four hours before midnight, a day before the month ends: lives cross both."""


class Stuck(RuntimeError):
    """Everybody waits for somebody else."""


class _NoWaiting(selectors.BaseSelector):
    """Hands no events out; being asked to wait for some time makes that time pass."""

    def __init__(self) -> None:
        self.passed = 0.0
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = selectors.SelectorKey(fileobj, fileobj if isinstance(fileobj, int) else fileobj.fileno(), events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck("nothing is left to wake anybody")
        self.passed += max(timeout, 0.0)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


class VirtualLoop(asyncio.SelectorEventLoop):
    """One for each life: it begins at zero, so that the same life sees the same times to the last bit."""

    def __init__(self) -> None:
        self._virtual = _NoWaiting()
        super().__init__(self._virtual)
        # What lies closer together is now: the times of a week have no room for a nanosecond.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual.passed

    def pass_time(self, seconds: float) -> None:
        """Let time pass at once, as for a process that was suspended."""
        self._virtual.passed += seconds


class LoopClock:
    """A `Clock` on a virtual loop, begun anew for each life.

    Short naps grow while nothing else happens: looks into one's own spend log twice a second would be most of a
    simulated hour. Whatever happens in the world wakes the attention again.
    """

    NAP = 1.0
    LONGEST_NAP = 20.0
    GROWTH = 1.5

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._began = loop.time()
        self._nap = self.NAP

    def now(self) -> datetime:
        """The virtual present, UTC."""
        return EPOCH + timedelta(seconds=round(self.monotonic(), 6))

    def monotonic(self) -> float:
        """Virtual seconds since the life began."""
        return self._loop.time() - self._began

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        if 0 < seconds <= self.NAP:
            seconds, self._nap = max(seconds, self._nap), min(self._nap * self.GROWTH, self.LONGEST_NAP)
        await asyncio.sleep(max(seconds, 0.0))

    def attend(self) -> None:
        """Something happened: the next naps are short again."""
        self._nap = self.NAP

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self._loop.pass_time(seconds)
