"""What is known of schedules between the spend log and the clock that rings for them."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from tools.spend_log.schedule_rows import Schedule

Ring = Callable[[str, datetime], Awaitable[str]]
"""Sees to one time of a schedule, by its id; called once more where a worker died in the middle of it."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A schedule as DBOS knows it."""

    schedule_id: str
    cron: str
    timezone: str


def timed(schedules: Iterable[Schedule]) -> frozenset[Timed]:
    """Those that are to ring."""
    return frozenset(Timed(one.schedule_id, one.cron, one.timezone) for one in schedules if not one.rests)
