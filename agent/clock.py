"""The system's clock."""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """`tools.ports.Clock` on this machine."""

    def now(self) -> datetime:
        """The present, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
