"""Grants of one run: given as an answer to its offer, used up, taken back.

Every function works inside the caller's transaction.
"""

from datetime import datetime

from policies.charge import ChargeState
from policies.grant import Used, not_covered
from policies.money import Cents, usd
from policies.offer import Offer
from tools.spend_log import approvals
from tools.spend_log.answer_rows import NewRunGrant, RunGrant
from tools.spend_log.chain import append
from tools.spend_log.codec import Row, decode, encode, to_text
from tools.spend_log.database import insert, one, rows
from tools.spend_log.outcomes import NotRecorded, Recorded
from tools.spend_log.rows import Decision
from tools.spend_log.sql import Database

_NOTHING = Used(Cents(0), 0)
_USED = (
    "SELECT coalesce(sum(c.amount), 0) AS cents, count(*) AS pods FROM run_grant_uses u"
    " JOIN charges c ON c.charge_id = u.charge_id WHERE u.grant_id = ? AND c.state <> ?"
)


def give(
    db: Database, run_id: str, code: str, amount: Cents, new: NewRunGrant, by: str, now: datetime
) -> Recorded | NotRecorded:
    """A yes to the offer that is asked about, and to later ones of its run within the same terms."""
    asked = approvals.answerable(db, run_id, code, amount, now)
    if isinstance(asked, str):
        return NotRecorded(asked)
    grant = _given(new, asked.offer, by, now)
    refusal = _too_little(grant, asked.offer) or not_covered(grant.terms, _NOTHING, asked.offer, now)
    if refusal is not None:
        return NotRecorded(refusal)
    answered = approvals.answer(db, asked, Decision.APPROVED, by, now)
    insert(db, "run_grants", encode(grant))
    body = {"grant": grant.grant_id, "attempt": grant.attempt, "usd": usd(grant.amount), "pods": grant.pods, "by": by}
    append(db, now, "run_granted", body, run_id=run_id)
    for earlier in listed(db, run_id):
        if earlier.grant_id != grant.grant_id:
            revoke(db, earlier.grant_id, f"the later {grant.grant_id}", now)
    return Recorded(answered)


def _too_little(grant: RunGrant, offer: Offer) -> str | None:
    if grant.amount < offer.amount:
        return f"${usd(grant.amount)} are less than the ${usd(offer.amount)} of this offer"
    return None


def _given(new: NewRunGrant, offer: Offer, by: str, now: datetime) -> RunGrant:
    return RunGrant(
        grant_id=new.grant_id,
        run_id=offer.run_id,
        attempt=offer.attempt,
        job_sha256=offer.job_sha256,
        amount=new.amount,
        pods=new.pods,
        account=offer.account,
        base_url=offer.base_url,
        until=new.until,
        given_by=by,
        given_at=now,
        revoked_by="",
        revoked_at=None,
    )


def find(db: Database, grant_id: str) -> RunGrant | None:
    row = one(db, "SELECT * FROM run_grants WHERE grant_id = ?", grant_id)
    return decode(RunGrant, row) if row else None


def listed(db: Database, run_id: str | None) -> list[RunGrant]:
    """Oldest first."""
    where, args = ("run_id = ?", [run_id]) if run_id is not None else ("true", [])
    return [decode(RunGrant, row) for row in rows(db, "run_grants", where, args, order_by="seq")]


def used(db: Database, grant_id: str) -> Used:
    """What was ordered under it; a purchase proven not to have happened is given back."""
    row: Row = one(db, _USED, grant_id, ChargeState.RELEASED.value) or {}
    return Used(Cents(row["cents"]), row["pods"])


def revoke(db: Database, grant_id: str, by: str, now: datetime) -> RunGrant:
    """Take a grant back: it pays for nothing more. LookupError when there is none; once is enough."""
    grant = find(db, grant_id)
    if grant is None:
        raise LookupError(f"no grant {grant_id}")
    if grant.revoked_at is None:
        change = "UPDATE run_grants SET revoked_at = ?, revoked_by = ? WHERE grant_id = ?"
        db.execute(change, [to_text(now), by, grant_id])
        append(db, now, "grant_revoked", {"grant": grant_id, "by": by}, run_id=grant.run_id)
    return find(db, grant_id) or grant


def answering(db: Database, offer: Offer) -> RunGrant | None:
    """The grant that was the answer to this very offer."""
    row = one(db, "SELECT * FROM run_grants WHERE run_id = ? AND attempt = ?", offer.run_id, offer.attempt)
    return decode(RunGrant, row) if row else None


def against(db: Database, grant: RunGrant, offer: Offer, now: datetime) -> str | None:
    """Why a grant does not pay for one more order now, or None where it does."""
    if grant.revoked_at is not None:
        return f"the grant was taken back by {grant.revoked_by} at {grant.revoked_at:%Y-%m-%d %H:%M:%S} UTC"
    if (offer.run_id, offer.job_sha256) != (grant.run_id, grant.job_sha256):
        return "the grant is for another run or job"
    return not_covered(grant.terms, used(db, grant.grant_id), offer, now)


def covering(db: Database, offer: Offer, now: datetime) -> RunGrant | None:
    """The grant of the run, if it has room for an offer now."""
    return next((grant for grant in listed(db, offer.run_id) if against(db, grant, offer, now) is None), None)


def use(db: Database, grant: RunGrant, charge_id: str) -> None:
    """In the transaction that reserves the charge."""
    insert(db, "run_grant_uses", {"charge_id": charge_id, "grant_id": grant.grant_id})
