"""Whose turn it is in the batches of nights: so many at once as their schedules say, and as pods may be open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from agent.parts import Parts
from agent.schedule.left import left_to_its_human
from tools.spend_log.batch_rows import Batch
from tools.spend_log.rows import Run

LONGEST_WAIT = timedelta(hours=6)
"""So long a night waits for pods of others to go; then it is tried, and the cap says why it does not fit."""


@dataclass(frozen=True, slots=True)
class _Night:
    batch: Batch
    going: list[Run]
    """Those that are driven, or are about to be."""
    waiting: list[Run]
    """In the order in which they are to begin."""


def next_in_turn(
    parts: Parts, batches: Sequence[Batch], lately: Callable[[str], bool], tries: Callable[[str], int]
) -> list[str]:
    """Runs of nights that may begin now: of the older night first, in the order of its jobs.

    Args:
        lately: whether somebody was asked just now to drive a run that has not begun yet.
        tries: how often somebody was, in vain: those wait behind the others.
    """
    nights = [_night(parts, batch, lately, tries) for batch in batches]
    free = _free_pods(parts, [run for night in nights for run in night.going])
    begin: list[str] = []
    for night in nights:
        room = night.batch.max_parallel - len(night.going)
        pods = free - len(begin)
        if pods <= 0 and not night.going and parts.clock.now() - night.batch.created_at >= LONGEST_WAIT:
            pods = 1
        begin += [run.run_id for run in night.waiting[: max(0, min(room, pods))]]
    return begin


def _night(parts: Parts, batch: Batch, lately: Callable[[str], bool], tries: Callable[[str], int]) -> _Night:
    runs = [run for run in parts.log.unended(batch.batch_id) if not left_to_its_human(parts, run)]
    going = [run for run in runs if run.started_at is not None or lately(run.run_id)]
    waiting = [run for run in runs if run not in going and not run.cancel_requested]
    return _Night(batch, going, sorted(waiting, key=lambda run: tries(run.run_id)))


def _free_pods(parts: Parts, going: Sequence[Run]) -> int:
    """Those that have bought are counted as open already; the others are about to."""
    open_pods = parts.log.usage("", parts.clock.now()).open_pods
    about_to = [run for run in going if not parts.log.charges(run.run_id)]
    return parts.policy.budget.max_open_pods - open_pods - len(about_to)
