"""Offers of a run and what humans said to them. Every function works inside the caller's transaction."""

from datetime import datetime
from typing import Any

from policies.money import Cents, usd
from policies.offer import Offer
from tools.errors import OfferPutAside
from tools.spend_log import codes, parking, runs
from tools.spend_log.chain import append
from tools.spend_log.codec import Row, decode, encode, to_text
from tools.spend_log.database import insert, one, rows
from tools.spend_log.outcomes import NotRecorded, Recorded
from tools.spend_log.rows import Approval, Attempt, Awaited, Decision
from tools.spend_log.sql import Database

_CURRENT = "SELECT * FROM attempts WHERE run_id = ? AND outcome = ''"
_PUT_ASIDE = (
    "SELECT p.* FROM approvals p JOIN wishes w ON w.run_id = p.run_id AND w.attempt = p.attempt WHERE p.run_id = ?"
    " AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.run_id = p.run_id AND a.number > p.attempt)"
)
"""The last question, where another offer was asked for instead and is not made yet: later answers hear of that."""


def add_attempt(db: Database, offer: Offer, reason: str, now: datetime) -> Attempt:
    """A new offer; the current one is over. ValueError when the number is not the next."""
    runs.need(db, offer.run_id)
    before = len(attempts(db, offer.run_id))
    if offer.attempt != before + 1:
        raise ValueError(f"run {offer.run_id} has {before} attempts; the next is {before + 1}, not {offer.attempt}")
    current = current_attempt(db, offer.run_id)
    if current is not None:
        end_attempt(db, offer.run_id, current.offer.attempt, Decision.SUPERSEDED, now)
    row = {"run_id": offer.run_id, "number": offer.attempt, "reason": reason, "created_at": to_text(now)}
    attempt = Attempt(offer, reason, "", now)
    insert(db, "attempts", row | {"offer": encode(attempt)["offer"]})
    append(db, now, "offer", _shown(offer) | {"reason": reason}, run_id=offer.run_id)
    return attempt


def attempts(db: Database, run_id: str) -> list[Attempt]:
    return [decode(Attempt, row) for row in rows(db, "attempts", "run_id = ?", [run_id], order_by="number")]


def current_attempt(db: Database, run_id: str) -> Attempt | None:
    row = one(db, _CURRENT, run_id)
    return decode(Attempt, row) if row else None


def end_attempt(db: Database, run_id: str, number: int, outcome: str, now: datetime) -> None:
    """The attempt is over, and a question about it that nobody used. Once ended it stays so."""
    if not outcome:
        raise ValueError("an attempt ends for a reason")
    change = "UPDATE attempts SET outcome = ? WHERE run_id = ? AND number = ? AND outcome = ''"
    if db.execute(change, [outcome, run_id, number]).rowcount == 0:
        return
    db.execute(
        "UPDATE approvals SET decision = 'superseded', decided_at = ? WHERE run_id = ? AND attempt = ?"
        " AND charge_id IS NULL AND (decision IS NULL OR decision = 'approved')",
        [to_text(now), run_id, number],
    )
    append(db, now, "offer_ended", {"attempt": number, "outcome": outcome}, run_id=run_id)


def ask(db: Database, offer: Offer, code: str, now: datetime, expires_at: datetime) -> Approval:
    """The question about the current attempt. Raises `OfferPutAside` when `offer` is not it (any more)."""
    current = current_attempt(db, offer.run_id)
    if current is None or current.offer != offer:
        raise OfferPutAside(f"the offer is not the current attempt of run {offer.run_id}")
    standing = question(db, offer.run_id)
    if standing is not None:
        return standing
    asked = Approval(f"{offer.run_id}/{offer.attempt}", offer, code, now, expires_at, None, "", None, "")
    row = encode(asked) | {"run_id": offer.run_id, "attempt": offer.attempt, "charge_id": None}
    insert(db, "approvals", row)
    append(db, now, "asked", _shown(offer) | {"expires_at": to_text(expires_at)}, run_id=offer.run_id)
    return asked


def question(db: Database, run_id: str) -> Approval | None:
    """The question about the current attempt, answered or not."""
    row = _question_row(db, run_id)
    return decode(Approval, row) if row else None


def decide(
    db: Database, run_id: str, code: str, amount: Cents, decision: Decision, by: str, now: datetime
) -> Recorded | NotRecorded:
    """The first valid answer counts; a wrong code is counted too."""
    asked = answerable(db, run_id, code, amount, now)
    return NotRecorded(asked) if isinstance(asked, str) else Recorded(answer(db, asked, decision, by, now))


def answerable(db: Database, run_id: str, code: str, amount: Cents, now: datetime) -> Approval | str:
    """The question that this code and amount may answer now, or why there is none; a wrong code is counted."""
    row = _question_row(db, run_id) or one(db, _PUT_ASIDE, run_id)
    if row is None:
        return "nothing is asked about this run"
    asked = decode(Approval, row)
    before = rows(db, "approvals", "run_id = ? AND attempt < ?", [run_id, asked.offer.attempt])
    earlier = [one["code"] for one in before]
    refusal = codes.refused(db, "approvals", row, code, now, run_id=run_id, earlier=earlier)
    return refusal or _answer_refused(asked, amount, now) or asked


def answer(db: Database, asked: Approval, decision: Decision, by: str, now: datetime) -> Approval:
    """Write down the answer to a question that is `answerable`; whoever drives the run looks at it next."""
    run_id = asked.offer.run_id
    change = "UPDATE approvals SET decision = ?, decided_by = ?, decided_at = ? WHERE approval_id = ?"
    db.execute(change, [decision.value, by, to_text(now), asked.approval_id])
    parking.hasten(db, run_id, [Awaited.HUMAN])
    append(db, now, "decided", {"decision": decision, "by": by, "attempt": asked.offer.attempt}, run_id=run_id)
    return decode(Approval, _must(_question_row(db, run_id)))


def _answer_refused(asked: Approval, amount: Cents, now: datetime) -> str | None:
    if asked.decision is not None and asked.decided_at is not None:
        return f"already {asked.decision} by {asked.decided_by} at {asked.decided_at:%Y-%m-%d %H:%M:%S} UTC"
    if asked.expires_at <= now:
        return f"the offer expired at {asked.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    if amount != asked.offer.amount:
        return f"the offer is for ${usd(asked.offer.amount)}, not for ${usd(amount)}"
    return None


def _question_row(db: Database, run_id: str) -> Row | None:
    return one(
        db,
        "SELECT p.* FROM approvals p JOIN attempts a ON a.run_id = p.run_id AND a.number = p.attempt"
        " WHERE a.run_id = ? AND a.outcome = ''",
        run_id,
    )


def _must(row: Row | None) -> Row:
    if row is None:
        raise LookupError("a row that was just written is gone")
    return row


def _shown(offer: Offer) -> dict[str, Any]:
    return {
        "attempt": offer.attempt,
        "gpu": offer.gpu_id,
        "hours": offer.hours,
        "usd": usd(offer.amount),
        "rail": offer.rail,
    }
