"""Runs that nobody said yes to in time."""

from agent.parts import Parts
from tools.spend_log.rows import Run, RunStatus


def left_to_its_human(parts: Parts, run: Run) -> bool:
    """Whether a run has bought nothing and will not by itself: the time of its offer is over, or a variable is missing.

    While a human may still answer, it is not.
    """
    if run.status is not RunStatus.WAITING_FOR_HUMAN or run.cancel_requested or parts.money_at_work(run.run_id):
        return False
    now = parts.clock.now()
    return all(parked.until <= now for parked in parts.log.parked(run.run_id))
