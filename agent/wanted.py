"""Whether a human has asked for an offer that is still to be made, or to be answered."""

from policies.charge import SPENT
from tools.spend_log.answer_rows import RENEWED
from tools.spend_log.port import SpendLog


def another_is_wanted(log: SpendLog, run_id: str) -> bool:
    """Whether a human asked for another offer in place of the run's last one, and none is made yet."""
    attempts, wishes = log.attempts(run_id), log.wishes(run_id)
    if not attempts:
        return False
    last = attempts[-1]
    return last.outcome == RENEWED or (bool(wishes) and wishes[-1].attempt == last.offer.attempt)


def fresh_was_asked_for(log: SpendLog, run_id: str) -> bool:
    """Whether a human asked for a fresh offer, and none of the run was paid since."""
    renewed = [attempt.offer.attempt for attempt in log.attempts(run_id) if attempt.outcome == RENEWED]
    if not renewed:
        return False
    return not any(charge.attempt > renewed[-1] for charge in log.charges(run_id, list(SPENT)))
