"""A fresh offer, asked for in place of one whose time is over. Every function works inside the caller's transaction."""

from dataclasses import replace
from datetime import datetime

from tools.spend_log import approvals, money, parking, runs
from tools.spend_log.answer_rows import RENEWED
from tools.spend_log.chain import append
from tools.spend_log.outcomes import NotRecorded, Recorded
from tools.spend_log.rows import ENDED, Approval, Awaited, Decision
from tools.spend_log.sql import Database


def renew(db: Database, run_id: str, approval_id: str, by: str, now: datetime) -> Recorded | NotRecorded:
    """End the offer that expired, and wake its run, which makes the next one and asks about it."""
    asked = _expired(db, run_id, approval_id, now)
    if isinstance(asked, str):
        return NotRecorded(asked)
    append(db, now, "renewed", {"attempt": asked.offer.attempt, "by": by}, run_id=run_id)
    approvals.end_attempt(db, run_id, asked.offer.attempt, RENEWED, now)
    parking.hasten(db, run_id, [Awaited.HUMAN])
    return Recorded(replace(asked, decision=Decision.SUPERSEDED, decided_at=now))


def _expired(db: Database, run_id: str, approval_id: str, now: datetime) -> Approval | str:
    """The question whose time is over, while its run waits for nothing else; or why there is none."""
    run, asked = runs.find(db, run_id), approvals.question(db, run_id)
    if run is None or run.status in ENDED:
        return "the run is over"
    if run.cancel_requested:
        return "the run is being cancelled"
    charge = money.open_purchase(db, run_id)
    if charge is not None:
        return f"charge {charge['charge_id']} of this run is {charge['state']}: it may still be paid"
    if [parked.awaited for parked in parking.listed(db, run_id)] != [Awaited.HUMAN]:
        return "the run does not wait for an answer now"
    if asked is None or asked.approval_id != approval_id:
        return "another offer has taken the place of this one"
    if asked.decision is Decision.DENIED:
        return f"already denied by {asked.decided_by}"
    if now < asked.expires_at:
        return f"the offer stands until {asked.expires_at:%Y-%m-%d %H:%M:%S} UTC: answer it"
    return asked
