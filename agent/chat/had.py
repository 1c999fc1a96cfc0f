"""What an ended run had, and no more: a GPU that was only offered, or a folder where nothing came, is not named."""

from pathlib import Path

from agent.parts import Parts
from policies.charge import DOUBTED, SPENT
from policies.offer import Offer
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import ENDED, Run


def offer_of(log: SpendLog, run: Run) -> Offer | None:
    """The last offer of a run; of one that has ended the last one that was paid for, or may have been."""
    attempts = log.attempts(run.run_id)
    if run.status in ENDED:
        bought = {charge.attempt for charge in log.charges(run.run_id, [*SPENT, *DOUBTED])}
        attempts = [attempt for attempt in attempts if attempt.offer.attempt in bought]
    return attempts[-1].offer if attempts else None


def outputs_of(parts: Parts, run: Run) -> str:
    """Where the outputs of a run are; "" where none came, or they are not there any more."""
    if not any(order.collected for order in parts.log.orders(run.run_id)) or not parts.job(run.run_id).outputs:
        return ""
    elsewhere = not parts.at_home(run.run_id)
    return run.outputs_dir if elsewhere or Path(run.outputs_dir).is_dir() else ""
