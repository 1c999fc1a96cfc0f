"""Whether a human has asked for an offer that is still to be made."""

from tools.spend_log.port import SpendLog


def another_is_wanted(log: SpendLog, run_id: str) -> bool:
    """Whether a human asked for another offer in place of the run's last one, and none is made yet."""
    attempts, wishes = log.attempts(run_id), log.wishes(run_id)
    return bool(attempts and wishes) and wishes[-1].attempt == attempts[-1].offer.attempt
