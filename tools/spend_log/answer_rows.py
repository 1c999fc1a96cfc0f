"""What humans said to an offer other than yes and no, as frozen values. Times are zoned UTC; money is integer cents."""

from dataclasses import dataclass
from datetime import datetime

from policies.grant import Terms
from policies.money import Cents
from policies.offer import Rail
from policies.wish import Wish

RENEWED = "renewed"
"""The outcome of an offer whose time was over, once a human has asked for a fresh one."""


@dataclass(frozen=True, slots=True)
class Wished:
    """Another offer was asked for instead of an answer to this attempt; what still holds of earlier wishes is in it."""

    run_id: str
    attempt: int
    rail: Rail | None
    hours: int | None
    wished_by: str
    wished_at: datetime

    @property
    def wish(self) -> Wish:
        """What for."""
        return Wish(self.rail, self.hours)


@dataclass(frozen=True, slots=True)
class NewRunGrant:
    """What a human gives to a run; the job, who pays and whom are those of the offer that was asked about."""

    grant_id: str
    amount: Cents
    pods: int
    until: datetime


@dataclass(frozen=True, slots=True)
class RunGrant:
    """A yes to the orders of one run, given as the answer to the question about one of them.

    Attributes:
        attempt: the offer that was asked about; it is the first to be paid under the grant.
        until: no order from then on.
    """

    grant_id: str
    run_id: str
    attempt: int
    job_sha256: str
    amount: Cents
    pods: int
    account: str
    base_url: str
    until: datetime
    given_by: str
    given_at: datetime
    revoked_by: str
    revoked_at: datetime | None

    @property
    def terms(self) -> Terms:
        """What was said yes to."""
        return Terms(self.amount, self.pods, self.account, self.base_url, self.until)
