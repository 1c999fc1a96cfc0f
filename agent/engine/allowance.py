"""How much may be asked of the provider, so that looks never stand in the way of what a run needs."""

import math

from tools.ports import Clock

MOST_SAVED_SECONDS = 1.0


class Allowance:
    """So many requests a second, a second's worth saved up at most."""

    def __init__(self, clock: Clock, per_second: float) -> None:
        self._clock = clock
        self.per_second = per_second
        self._left = 1.0
        self._at = clock.monotonic()

    def whole(self) -> int:
        """Requests that may be made now."""
        now = self._clock.monotonic()
        most = max(1.0, self.per_second * MOST_SAVED_SECONDS)
        self._left = min(most, self._left + (now - self._at) * self.per_second)
        self._at = now
        return math.floor(self._left)

    def take(self) -> bool:
        """Use one, if there is one."""
        if self.whole() < 1:
            return False
        self._left -= 1
        return True
