"""What was approved ahead, of whatever kind: where it stands, and how it is taken back."""

from datetime import datetime

from tools.spend_log.answer_rows import RunGrant
from tools.spend_log.batch_rows import Grant
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Decision
from tools.spend_log.schedule_rows import StandingGrant


def standing(grant: Grant | StandingGrant | RunGrant, now: datetime) -> str:
    """In one word."""
    if grant.revoked_at is not None:
        return "revoked"
    if not isinstance(grant, RunGrant):
        if grant.decision is None:
            return "expired" if now >= grant.expires_at else "asked"
        if grant.decision is not Decision.APPROVED:
            return str(grant.decision)
    return "ended" if now >= grant.until else str(Decision.APPROVED)


def taken_back(log: SpendLog, grant_id: str, by: str, now: datetime) -> bool:
    """Take a grant back; whether the store has such a grant."""
    if log.grant(grant_id) is not None:
        log.revoke_grant(grant_id, by, now)
    elif log.run_grant(grant_id) is not None:
        log.revoke_run_grant(grant_id, by, now)
    elif log.standing_grant(grant_id) is not None:
        log.revoke_standing_grant(grant_id, by, now)
    else:
        return False
    return True
