"""How much may be asked of the provider, so that looks never stand in the way of what a run needs."""

import math

from tools.ports import Clock

MOST_SAVED_SECONDS = 1.0

MOST_OWED_SECONDS = 10.0
"""However much is asked for the runs themselves, looks go on after so long."""


class Allowance:
    """So many requests a second, a second's worth saved up at most; what runs ask for themselves comes first.

    Requests leave one after the other, so a look that is begun while others wait would only make them wait longer.
    """

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
        return max(0, math.floor(self._left))

    def take(self) -> bool:
        """Use one, if there is one."""
        if self.whole() < 1:
            return False
        self._left -= 1
        return True

    def need(self) -> None:
        """Use one, whether there is one or not: a run can't wait for it."""
        self.whole()
        self._left = max(self._left - 1, -self.per_second * MOST_OWED_SECONDS)
