"""A process that may die at any boundary, and the record of everything that happened."""

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256

from tests.simulation.loop import LoopClock
from tools.spend_log.rows import Holder

NEVER = 1 << 60


class Killed(BaseException):
    """The process dies here: nothing of ours may catch it, and nothing that it still wanted to do is done."""


@dataclass(slots=True)
class Trace:
    """What happened in one life, in order: the same seed must leave the same trace."""

    clock: LoopClock
    lines: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, who: str, what: str) -> None:
        """One more event."""
        self.lines.append(f"{self.clock.monotonic():>12.3f} {who:<8} {what}")

    @property
    def digest(self) -> str:
        """Of every line."""
        return sha256("\n".join(self.lines).encode()).hexdigest()


@dataclass(slots=True)
class Process:
    """One run of the program on the store.

    Attributes:
        account: whose API key it has; "" for none.
        boundaries_left: at so many boundaries from now it is killed.
    """

    holder: Holder
    account: str
    trace: Trace
    boundaries_left: int = NEVER
    dead: bool = False

    @property
    def name(self) -> str:
        return f"p{self.holder.pid}"

    def boundary(self, site: str) -> None:
        """A place at which a process may die. A dead one dies here again, so that it does nothing more."""
        self.still_there()
        self.boundaries_left -= 1
        if self.boundaries_left < 0:
            self.dead = True
            self.trace.note(self.name, f"KILLED at {site}")
            self.trace.counts["kills"] += 1
            raise Killed(site)

    def still_there(self) -> None:
        """Whatever a dead process reaches for is out of its reach."""
        if self.dead:
            raise Killed
