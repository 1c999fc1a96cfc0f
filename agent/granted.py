"""What was approved ahead, of whatever kind: what is left of it, and how it is taken back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from policies.grant import Used
from policies.money import Cents
from tools.spend_log.answer_rows import RunGrant
from tools.spend_log.batch_rows import Grant
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Decision
from tools.spend_log.schedule_rows import StandingGrant

AnyGrant = Grant | StandingGrant | RunGrant


@dataclass(frozen=True, slots=True)
class Given:
    """A yes given ahead, or the question about one.

    Attributes:
        subject: the schedule, batch or run that it is for.
        standing: in one word.
        amount, pods: all together; of a schedule's, all nights.
        nights: that have drawn from a schedule's; None for the other kinds.
        decided_by: "" where nobody has answered.
    """

    grant: AnyGrant
    subject: str
    standing: str
    amount: Cents
    pods: int
    used: Used
    nights: int | None
    decided_by: str
    decided_at: datetime | None

    @property
    def pays(self) -> bool:
        """Whether it may still pay for something."""
        return self.standing == Decision.APPROVED


def all_given(log: SpendLog, now: datetime) -> Iterator[Given]:
    """Those for schedules first, then those for batches and for runs; of each the oldest first."""
    kinds: tuple[list[AnyGrant], ...] = ([*log.standing_grants()], [*log.grants()], [*log.run_grants()])
    return (given(log, grant, now) for kind in kinds for grant in kind)


def given(log: SpendLog, grant: AnyGrant, now: datetime) -> Given:
    """What is left of one."""
    word, nights = standing(grant, now), None
    match grant:
        case StandingGrant():
            drawn = [log.grant_used(one) for one in log.grants_of_nights(grant.grant_id)]
            used = Used(Cents(sum(one.amount for one in drawn)), sum(one.pods for one in drawn))
            subject, nights = grant.schedule_id, len(drawn)
            amount, pods = grant.terms.total, grant.pods * grant.nights
        case Grant():
            subject, used, amount, pods = grant.batch_id, log.grant_used(grant.grant_id), grant.amount, grant.pods
        case RunGrant():
            subject, used, amount, pods = grant.run_id, log.run_grant_used(grant.grant_id), grant.amount, grant.pods
        case _:
            assert_never(grant)
    by, at = (grant.given_by, grant.given_at) if isinstance(grant, RunGrant) else (grant.decided_by, grant.decided_at)
    return Given(grant, subject, word, amount, pods, used, nights, by, at)


def standing(grant: AnyGrant, now: datetime) -> str:
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
