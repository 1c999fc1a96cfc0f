"""Grants in the log: asked, answered, used up, taken back. Every function works inside the caller's transaction."""

from collections.abc import Collection
from datetime import datetime

from policies.charge import ChargeState
from policies.grant import Used, not_covered
from policies.money import Cents, usd
from policies.offer import Offer
from tools.spend_log import codes
from tools.spend_log.batch_rows import Grant, NewGrant
from tools.spend_log.chain import append
from tools.spend_log.codec import Row, decode, to_text
from tools.spend_log.database import insert, one, rows
from tools.spend_log.rows import Decision
from tools.spend_log.sql import Database

_COVERING = """
    SELECT g.* FROM grants g JOIN batch_jobs b ON b.batch_id = g.batch_id
    WHERE b.run_id = ? AND g.decision = 'approved' AND g.revoked_at IS NULL
    AND EXISTS (SELECT 1 FROM grant_jobs j WHERE j.grant_id = g.grant_id AND j.job_sha256 = ?) ORDER BY g.seq
"""
_JOBS_OF_BATCH = (
    "SELECT DISTINCT r.job_sha256 FROM batch_jobs j JOIN runs r ON r.run_id = j.run_id WHERE j.batch_id = ?"
)
_USED = (
    "SELECT coalesce(sum(c.amount), 0) AS cents, count(*) AS pods FROM grant_uses u"
    " JOIN charges c ON c.charge_id = u.charge_id WHERE u.grant_id = ? AND c.state <> ?"
)


def ask(db: Database, new: NewGrant, now: datetime) -> Grant:
    """A new question; one of the batch that nobody answered is over."""
    db.execute(
        "UPDATE grants SET decision = 'superseded', decided_at = ? WHERE batch_id = ? AND decision IS NULL",
        [to_text(now), new.batch_id],
    )
    of_batch = db.query(_JOBS_OF_BATCH, [new.batch_id])
    return add(db, new, {row["job_sha256"] for row in of_batch}, now)


def add(db: Database, new: NewGrant, jobs: Collection[str], now: datetime) -> Grant:
    """A question about jobs, by their digests."""
    terms = new.terms
    row = {
        "grant_id": new.grant_id,
        "batch_id": new.batch_id,
        "amount": terms.amount,
        "pods": terms.pods,
        "account": terms.account,
        "base_url": terms.base_url,
        "code": new.code,
        "created_at": to_text(now),
        "expires_at": to_text(new.expires_at),
        "until": to_text(terms.until),
    }
    insert(db, "grants", row)
    for job in sorted(jobs):
        insert(db, "grant_jobs", {"grant_id": new.grant_id, "job_sha256": job})
    asked = {"grant": new.grant_id, "batch": new.batch_id, "usd": usd(terms.amount), "pods": terms.pods}
    append(db, now, "grant_asked", asked)
    return need(db, new.grant_id)


def find(db: Database, grant_id: str) -> Grant | None:
    row = one(db, "SELECT * FROM grants WHERE grant_id = ?", grant_id)
    return decode(Grant, row) if row else None


def need(db: Database, grant_id: str) -> Grant:
    """LookupError when there is no such grant."""
    grant = find(db, grant_id)
    if grant is None:
        raise LookupError(f"no grant {grant_id}")
    return grant


def listed(db: Database, batch_id: str | None) -> list[Grant]:
    """Oldest first."""
    where, args = ("batch_id = ?", [batch_id]) if batch_id is not None else ("true", [])
    return [decode(Grant, row) for row in rows(db, "grants", where, args, order_by="seq")]


def used(db: Database, grant_id: str) -> Used:
    """What was ordered under it; a purchase proven not to have happened is given back."""
    row: Row = one(db, _USED, grant_id, ChargeState.RELEASED.value) or {}
    return Used(Cents(row["cents"]), row["pods"])


def decide(
    db: Database, grant_id: str, code: str, amount: Cents, decision: Decision, by: str, now: datetime
) -> str | None:
    """The first valid answer counts. Returns why nothing was decided, or None."""
    row = one(db, "SELECT * FROM grants WHERE grant_id = ?", grant_id)
    if row is None:
        return "nothing is asked under this id"
    asked = decode(Grant, row)
    refusal = codes.refused(db, "grants", row, code, now) or codes.not_answered(asked, asked.amount, amount, now)
    if refusal is not None:
        return refusal
    _record(db, grant_id, decision, by, now)
    if decision is Decision.APPROVED:
        _end_earlier(db, row["batch_id"], grant_id, now)
    return None


def approve(db: Database, grant_id: str, by: str, now: datetime) -> Grant:
    """A yes that was given before, to a grant that was drawn from it."""
    _record(db, grant_id, Decision.APPROVED, by, now)
    return need(db, grant_id)


def _record(db: Database, grant_id: str, decision: Decision, by: str, now: datetime) -> None:
    change = "UPDATE grants SET decision = ?, decided_by = ?, decided_at = ? WHERE grant_id = ?"
    db.execute(change, [decision.value, by, to_text(now), grant_id])
    append(db, now, "grant_decided", {"grant": grant_id, "decision": decision, "by": by})


def _end_earlier(db: Database, batch_id: str, grant_id: str, now: datetime) -> None:
    """The last yes is the one that holds: two of them do not add up."""
    for earlier in listed(db, batch_id):
        if earlier.grant_id != grant_id and earlier.decision is Decision.APPROVED:
            revoke(db, earlier.grant_id, f"the later {grant_id}", now)


def revoke(db: Database, grant_id: str, by: str, now: datetime) -> Grant:
    """Take a grant back: it pays for nothing more. LookupError when there is none; once is enough."""
    grant = need(db, grant_id)
    if grant.revoked_at is None:
        db.execute("UPDATE grants SET revoked_at = ?, revoked_by = ? WHERE grant_id = ?", [to_text(now), by, grant_id])
        append(db, now, "grant_revoked", {"grant": grant_id, "by": by})
    return need(db, grant_id)


def covering(db: Database, offer: Offer, now: datetime) -> Grant | None:
    """The oldest grant that has room for an offer now; None where a human must be asked."""
    for row in list(db.query(_COVERING, [offer.run_id, offer.job_sha256])):
        grant = decode(Grant, row)
        if not_covered(grant.terms, used(db, grant.grant_id), offer, now) is None:
            return grant
    return None


def use(db: Database, grant: Grant, charge_id: str) -> None:
    """In the transaction that reserves the charge."""
    insert(db, "grant_uses", {"charge_id": charge_id, "grant_id": grant.grant_id})
