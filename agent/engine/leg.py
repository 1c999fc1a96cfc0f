"""A leg: the stretch of a run between two parking places, as it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agent.engine.timed import Timed
from agent.parking import Cause


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of one run. It carries no decision: whoever drives it reads the spend log.

    Attributes:
        interrupt_id: where the run is parked that it wakes; "" for one that is to go on by itself.
        cause: why it is woken; None with no interrupt.
    """

    run_id: str
    interrupt_id: str = ""
    cause: Cause | None = None

    @property
    def leg_id(self) -> str:
        """One for each reason to go on, so that a duplicate is none, and a deadline does not swallow an answer."""
        return f"{self.run_id}:{self.interrupt_id}:{self.cause or 'go-on'}"


def run_of(leg_id: str) -> str:
    """The run that a leg is one of, by the leg's id."""
    return leg_id.partition(":")[0]


class LegQueue(Protocol):
    """Where legs are asked for, by any process, to be driven by some worker: one leg of a run at a time."""

    async def ask(self, leg: Leg) -> None:
        """Ask for a leg; nothing happens where the same one waits or is under way."""
        ...

    async def under_way(self) -> Mapping[str, str]:
        """The legs that somebody has begun, each with the executor id of whoever did."""
        ...

    async def begin_again(self, leg_ids: Sequence[str]) -> None:
        """Let the living drive legs that a dead worker had begun."""
        ...

    async def forget(self, ended_before: datetime) -> int:
        """Drop what is kept of legs that ended before then, some at a time; returns how many that were."""
        ...

    def stop_taking(self) -> None:
        """Begin no leg here any more."""
        ...

    async def settled(self) -> bool:
        """Wait for what came of the legs begun here to be written down; False when that takes more than a moment."""
        ...


class WorkQueue(LegQueue, Protocol):
    """What a worker works on: legs, and the times of schedules."""

    async def keep_ringing(self, wanted: frozenset[Timed]) -> None:
        """Let these schedules ring when they are due, and no others."""
        ...
