"""What waits for a human, in words, with the command that answers; from the spend log alone."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from agent.questions import questions_ahead
from agent.result import link_to_pay
from agent.wanted import another_is_wanted
from policies.charge import ChargeState
from policies.money import usd
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import ENDED, Approval, Run, RunStatus


def all_waiting(log: SpendLog, runs: Sequence[Run], now: datetime) -> Iterator[str]:
    """A line for each batch and schedule, and each of the runs, that waits for a human."""
    for asked in questions_ahead(log, now):
        what = f"asks for approval of up to ${usd(asked.amount)} until {asked.expires_at:%Y-%m-%d %H:%M} UTC"
        yield f"{asked.subject} {what}: `swineherd approve {asked.subject}`"
    yield from filter(None, (run_waits(log, run, now) for run in runs))


def run_waits(log: SpendLog, run: Run, now: datetime) -> str:
    """What a human can do for a run that waits for one; "" where it does not."""
    asked = log.approval(run.run_id)
    if run.status in ENDED or _is_answered(asked) or another_is_wanted(log, run.run_id):
        return ""
    if link_to_pay(log, run, now):
        return f"{run.run_id} waits to be paid: `swineherd show {run.run_id}` prints the link"
    if asked is not None and asked.decision is None:
        return _offer_waits(run.run_id, asked, now)
    if log.charges(run.run_id, [ChargeState.EXPIRED]):
        return f"{run.run_id} was not paid in time: `swineherd resume {run.run_id}` still watches for a late payment"
    return f"{run.run_id} waits for a human: {run.reason}" if run.status is RunStatus.WAITING_FOR_HUMAN else ""


def _offer_waits(run_id: str, asked: Approval, now: datetime) -> str:
    if now >= asked.expires_at:
        return f"{run_id} was not answered in time: `swineherd resume {run_id}` makes a fresh offer"
    until = f"{asked.expires_at:%Y-%m-%d %H:%M} UTC"
    return f"{run_id} asks for approval of ${usd(asked.offer.amount)} until {until}: `swineherd approve {run_id}`"


def _is_answered(asked: Approval | None) -> bool:
    """It waits for whoever drives it, then: nothing was bought with the answer yet."""
    return asked is not None and asked.decision is not None and not asked.charge_id
