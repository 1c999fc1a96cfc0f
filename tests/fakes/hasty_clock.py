"""Real time in a hurry, for tests against a sandbox."""

import asyncio
import time
from datetime import UTC, datetime

_HASTE = 50


class HastyClock:
    """A `Clock` with the real time of day, since the sandbox lives in it; but every wait is fifty times shorter."""

    def now(self) -> datetime:
        """The present, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that pass fifty times too fast."""
        return time.monotonic() * _HASTE

    async def sleep(self, seconds: float) -> None:
        """Wait a fiftieth of it."""
        await asyncio.sleep(seconds / _HASTE)
