"""Time for the processes of one case: real, but nobody sleeps long. Shared, so that it never goes back."""

import asyncio
import mmap
import struct
import time
from datetime import UTC, datetime, timedelta

from agent.clock import SystemClock

_SECONDS = struct.Struct("d")


class Ahead:
    """How far the clock of a case is ahead of the real one: what its processes slept without waiting, forks included.

    Two that add at the same moment may lose a sleep; nothing depends on the sum.
    """

    def __init__(self, shorter: float) -> None:
        """Every sleep takes so many times less."""
        self.shorter = shorter
        self._shared = mmap.mmap(-1, _SECONDS.size)

    @property
    def seconds(self) -> float:
        """So far."""
        ahead: float = _SECONDS.unpack_from(self._shared)[0]
        return ahead

    def skip(self, seconds: float) -> None:
        """Be so much further ahead."""
        _SECONDS.pack_into(self._shared, 0, self.seconds + seconds)

    def rule(self) -> None:
        """Give every clock of this process this time. It can't be undone: for a forked child that ends soon."""

        def now(_: SystemClock) -> datetime:
            return datetime.now(UTC) + timedelta(seconds=self.seconds)

        def monotonic(_: SystemClock) -> float:
            return time.monotonic() + self.seconds

        async def sleep(_: SystemClock, seconds: float) -> None:
            await asyncio.sleep(seconds / self.shorter)
            self.skip(max(seconds, 0) * (1 - 1 / self.shorter))

        for method in (now, monotonic, sleep):
            setattr(SystemClock, method.__name__, method)
