"""Grants that stand for many nights of a schedule: asked, answered, drawn upon night by night, taken back.

Each night they give its batch a grant of its own, which is used up as any other (law 4). Every function works inside
the caller's transaction.
"""

from dataclasses import replace
from datetime import datetime

from policies.grant import not_drawn
from policies.money import Cents, usd
from tools.spend_log import codes, grants
from tools.spend_log.batch_rows import Grant, NewGrant
from tools.spend_log.chain import append
from tools.spend_log.codec import decode, to_text
from tools.spend_log.database import insert, one, rows
from tools.spend_log.rows import Decision
from tools.spend_log.schedule_rows import NewNight, NewStandingGrant, StandingGrant
from tools.spend_log.sql import Database

DRAWN = "drawn"
"""In place of a code: the grant of a night is answered already."""

_DRAWN = (
    "SELECT d.grant_id FROM grant_draws d JOIN grants g ON g.grant_id = d.grant_id WHERE d.standing_id = ?"
    " ORDER BY g.seq"
)


def ask(db: Database, new: NewStandingGrant, now: datetime) -> StandingGrant:
    """A new question; one about the schedule that nobody answered is over."""
    db.execute(
        "UPDATE standing_grants SET decision = 'superseded', decided_at = ? WHERE schedule_id = ? AND decision IS NULL",
        [to_text(now), new.schedule_id],
    )
    each = new.terms.each
    row = {
        "grant_id": new.grant_id,
        "schedule_id": new.schedule_id,
        "amount": each.amount,
        "pods": each.pods,
        "nights": new.terms.nights,
        "account": each.account,
        "base_url": each.base_url,
        "code": new.code,
        "created_at": to_text(now),
        "expires_at": to_text(new.expires_at),
        "until": to_text(each.until),
    }
    insert(db, "standing_grants", row)
    for work in sorted(new.work):
        insert(db, "standing_work", {"grant_id": new.grant_id, "work_sha256": work})
    body = {"grant": new.grant_id, "schedule": new.schedule_id, "usd": usd(each.amount), "nights": new.terms.nights}
    append(db, now, "standing_grant_asked", body)
    return need(db, new.grant_id)


def find(db: Database, grant_id: str) -> StandingGrant | None:
    row = one(db, "SELECT * FROM standing_grants WHERE grant_id = ?", grant_id)
    return decode(StandingGrant, row) if row else None


def need(db: Database, grant_id: str) -> StandingGrant:
    """LookupError when there is no such grant."""
    grant = find(db, grant_id)
    if grant is None:
        raise LookupError(f"no grant {grant_id}")
    return grant


def listed(db: Database, schedule_id: str | None) -> list[StandingGrant]:
    """Oldest first."""
    where, args = ("schedule_id = ?", [schedule_id]) if schedule_id is not None else ("true", [])
    return [decode(StandingGrant, row) for row in rows(db, "standing_grants", where, args, order_by="seq")]


def drawn(db: Database, grant_id: str) -> list[str]:
    """The grants that it gave to nights, oldest first."""
    return [row["grant_id"] for row in db.query(_DRAWN, [grant_id])]


def decide(
    db: Database, grant_id: str, code: str, total: Cents, decision: Decision, by: str, now: datetime
) -> str | None:
    """The first valid answer counts. Returns why nothing was decided, or None.

    Args:
        total: of all nights together, which is what is said yes to.
    """
    row = one(db, "SELECT * FROM standing_grants WHERE grant_id = ?", grant_id)
    if row is None:
        return "nothing is asked under this id"
    asked = decode(StandingGrant, row)
    refusal = codes.refused(db, "standing_grants", row, code, now) or codes.not_answered(
        asked, asked.terms.total, total, now
    )
    if refusal is not None:
        return refusal
    change = "UPDATE standing_grants SET decision = ?, decided_by = ?, decided_at = ? WHERE grant_id = ?"
    db.execute(change, [decision.value, by, to_text(now), grant_id])
    append(db, now, "standing_grant_decided", {"grant": grant_id, "decision": decision, "by": by})
    if decision is Decision.APPROVED:
        for earlier in listed(db, asked.schedule_id):
            if earlier.grant_id != grant_id and earlier.decision is Decision.APPROVED:
                _take_back(db, earlier, f"the later {grant_id}", now)
    return None


def end_all(db: Database, schedule_id: str, by: str, now: datetime) -> None:
    """Take back what stands or is asked for a schedule."""
    for grant in listed(db, schedule_id):
        if grant.decision in {Decision.APPROVED, None}:
            revoke(db, grant.grant_id, by, now)


def revoke(db: Database, grant_id: str, by: str, now: datetime) -> StandingGrant:
    """Take a grant back, and what it gave to nights: it pays for nothing more. LookupError when there is none."""
    _take_back(db, need(db, grant_id), by, now)
    for of_night in drawn(db, grant_id):
        grants.revoke(db, of_night, by, now)
    return need(db, grant_id)


def _take_back(db: Database, grant: StandingGrant, by: str, now: datetime) -> None:
    """It gives nothing to later nights; a night that is under way keeps what it got."""
    if grant.revoked_at is None:
        change = "UPDATE standing_grants SET revoked_at = ?, revoked_by = ? WHERE grant_id = ?"
        db.execute(change, [to_text(now), by, grant.grant_id])
        append(db, now, "standing_grant_revoked", {"grant": grant.grant_id, "by": by})


def draw(db: Database, new: NewNight, now: datetime) -> Grant | None:
    """The grant of a night's batch, from the one that stands for its schedule; None where none does, or none is left.

    It covers those of the night's runs that do what was said yes to, with the files that they have that night.
    """
    for standing in reversed(listed(db, new.schedule_id)):
        if standing.decision is not Decision.APPROVED or standing.revoked_at is not None:
            continue
        jobs = _covered(db, standing.grant_id, new)
        used = len(drawn(db, standing.grant_id))
        if jobs and not_drawn(standing.terms, used, new.account, new.base_url, now) is None:
            return _drawn(db, standing, new, jobs, now)
    return None


def _covered(db: Database, grant_id: str, new: NewNight) -> set[str]:
    """Digests of the jobs whose work was said yes to."""
    known = {row["work_sha256"] for row in rows(db, "standing_work", "grant_id = ?", [grant_id])}
    return {run.job_sha256 for run, _ in new.jobs if new.work[run.run_id] in known}


def _drawn(db: Database, standing: StandingGrant, new: NewNight, jobs: set[str], now: datetime) -> Grant:
    until = min(standing.until, new.granted_until)
    terms = replace(standing.terms.each, until=until)
    asked = NewGrant(new.grant_id, new.batch.batch_id, terms, DRAWN, until)
    grants.add(db, asked, jobs, now)
    insert(db, "grant_draws", {"grant_id": new.grant_id, "standing_id": standing.grant_id})
    by = f"{standing.decided_by} ({standing.grant_id})"
    return grants.approve(db, new.grant_id, by, now)
