"""Legs that were asked for: not again at once, and ever more rarely where they come to nothing."""

from dataclasses import dataclass

from tools.ports import Clock

FIRST_WAIT = 10.0
LONGEST_WAIT = 600.0


@dataclass(frozen=True, slots=True)
class _Ask:
    times: int
    at: float

    @property
    def again_at(self) -> float:
        return self.at + min(FIRST_WAIT * 2.0 ** (self.times - 1), LONGEST_WAIT)


class Asked:
    """What this process has asked for of late, by where a run stood then: where it has moved on, nothing is noted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asks: dict[str, _Ask] = {}

    def __len__(self) -> int:
        return len(self._asks)

    def lately(self, where: str) -> bool:
        """Whether to wait for what comes of it."""
        ask = self._asks.get(where)
        return ask is not None and self._clock.monotonic() < ask.again_at

    def times(self, where: str) -> int:
        """How often it was asked for."""
        ask = self._asks.get(where)
        return 0 if ask is None else ask.times

    def note(self, where: str) -> None:
        """A leg from there has been asked for now."""
        before = self._asks.get(where)
        self._asks[where] = _Ask(before.times + 1 if before else 1, self._clock.monotonic())

    def forget_old(self) -> None:
        """Those that were not asked for again for as long as they had to wait."""
        now = self._clock.monotonic()
        self._asks = {where: ask for where, ask in self._asks.items() if now < 2 * ask.again_at - ask.at}
