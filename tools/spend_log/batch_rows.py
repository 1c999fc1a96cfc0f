"""Batches and grants, as frozen values. Times are zoned UTC; money is integer cents."""

from dataclasses import dataclass, field
from datetime import datetime

from policies.grant import Terms
from policies.money import Cents
from tools.spend_log.rows import Decision


@dataclass(frozen=True, slots=True)
class Batch:
    """Many jobs under one budget.

    Attributes:
        budget: what all its runs together may cost, on top of every other cap; None where nobody said.
    """

    batch_id: str
    name: str
    budget: Cents | None
    max_parallel: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BatchJob:
    """One run of a batch. A job that is tried again has several, all at its position.

    Attributes:
        position: from 1, in the order the jobs were given.
        label: what a human tells it by.
    """

    run_id: str
    batch_id: str
    position: int
    label: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A question to a human about all orders of a batch, and the answer.

    Attributes:
        expires_at: no answer from then on.
        until: no order from then on.
        code: for human channels only (law 4).
    """

    grant_id: str
    batch_id: str
    amount: Cents
    pods: int
    account: str
    base_url: str
    code: str = field(repr=False)
    created_at: datetime
    expires_at: datetime
    until: datetime
    decision: Decision | None
    decided_by: str
    decided_at: datetime | None
    revoked_by: str
    revoked_at: datetime | None

    @property
    def terms(self) -> Terms:
        """What is said yes to."""
        return Terms(self.amount, self.pods, self.account, self.base_url, self.until)


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A grant to be asked for; it covers the jobs that the batch has at that moment."""

    grant_id: str
    batch_id: str
    terms: Terms
    code: str = field(repr=False)
    expires_at: datetime
