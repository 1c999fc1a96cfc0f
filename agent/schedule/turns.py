"""Whose turn it is in the batches of nights: so many at once as their schedule says, and as pods may be open."""

from collections.abc import Callable
from datetime import timedelta

from agent.parts import Parts
from agent.schedule.left import left_to_its_human
from tools.spend_log.batch_rows import Batch
from tools.spend_log.rows import Run

LONGEST_WAIT = timedelta(hours=6)
"""So long a night waits for pods of others to go; then it is tried, and the cap says why it does not fit."""


def next_in_turn(parts: Parts, batch: Batch, asked: Callable[[str], bool]) -> list[str]:
    """Runs of a night that may begin now, in the order of its jobs.

    Args:
        asked: whether somebody was asked just now to drive a run that has not begun yet.
    """
    unended = parts.log.unended(batch.batch_id)
    going = [run for run in unended if _goes(parts, run) or asked(run.run_id)]
    waiting = [run.run_id for run in unended if not _goes(parts, run) and run not in going and _begins(run)]
    room = batch.max_parallel - len(going)
    if room <= 0 or not waiting:
        return []
    pods = _free_pods(parts, going)
    if pods <= 0 and not going and parts.clock.now() - batch.created_at >= LONGEST_WAIT:
        pods = 1
    return waiting[: max(0, min(room, pods))]


def _goes(parts: Parts, run: Run) -> bool:
    return run.started_at is not None and not left_to_its_human(parts, run)


def _begins(run: Run) -> bool:
    return run.started_at is None and not run.cancel_requested


def _free_pods(parts: Parts, going: list[Run]) -> int:
    """Those that have bought are counted as open already; the others are about to."""
    open_pods = parts.log.usage("", parts.clock.now()).open_pods
    about_to = [run for run in going if not parts.log.charges(run.run_id)]
    return parts.policy.budget.max_open_pods - open_pods - len(about_to)
