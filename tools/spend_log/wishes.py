"""Another offer, asked for instead of an answer. Every function works inside the caller's transaction."""

from datetime import datetime

from policies.money import Cents
from policies.wish import NO_WISH, Wish, taken_with
from tools.spend_log import approvals, money
from tools.spend_log.answer_rows import Wished
from tools.spend_log.chain import append
from tools.spend_log.codec import decode, encode
from tools.spend_log.database import insert, rows
from tools.spend_log.outcomes import NotRecorded, Recorded
from tools.spend_log.rows import Decision
from tools.spend_log.sql import Database


def instead(
    db: Database, run_id: str, code: str, amount: Cents, wish: Wish, by: str, now: datetime
) -> Recorded | NotRecorded:
    """Supersede the offer and its question; the run's next offers are made as was wished."""
    asked = approvals.answerable(db, run_id, code, amount, now)
    if isinstance(asked, str):
        return NotRecorded(asked)
    charge = money.open_purchase(db, run_id)
    if charge is not None:
        return NotRecorded(f"charge {charge['charge_id']} of this run is {charge['state']}: it may still be paid")
    answered = approvals.answer(db, asked, Decision.SUPERSEDED, by, now)
    before = listed(db, run_id)
    whole = taken_with(wish, asked.offer, before[-1].wish if before else NO_WISH)
    wished = Wished(run_id, asked.offer.attempt, whole.rail, whole.hours, by, now)
    insert(db, "wishes", encode(wished))
    body = {"attempt": wished.attempt, "rail": wished.rail, "hours": wished.hours, "by": by}
    append(db, now, "instead", body, run_id=run_id)
    approvals.end_attempt(db, run_id, wished.attempt, Decision.SUPERSEDED, now)
    return Recorded(answered)


def listed(db: Database, run_id: str) -> list[Wished]:
    """Oldest first."""
    return [decode(Wished, row) for row in rows(db, "wishes", "run_id = ?", [run_id], order_by="attempt")]
