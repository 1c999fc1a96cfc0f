"""Schedules, their nights, and the grants that stand for them, as frozen values. Times are zoned UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from policies.grant import NightTerms, Terms
from policies.money import Cents
from tools.spend_log.batch_rows import Batch, BatchJob
from tools.spend_log.rows import Decision, NewRun


class CatchUp(StrEnum):
    """What becomes of nights at which no worker ran."""

    NONE = "none"
    LAST = "last"
    """The latest of them is begun late."""


class Came(StrEnum):
    """What came of a night."""

    BEGUN = "begun"
    SKIPPED = "skipped"
    """The night before was still under way."""
    MISSED = "missed"
    FAILED = "failed"
    """Its jobs could not be submitted."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Jobs that are submitted again and again.

    Attributes:
        cron, timezone: see `policies.timetable`.
        sources: absolute paths of job files and folders, read anew each night.
        ignored: fields of job files that may be left out of account.
        budget: what a night may cost.
        ceiling: of each of its runs.
        outputs: an absolute path, or "" for the runs' own folders.
        home: that has its files; "" where the store lies in that home itself.
        counts_from: when it was added, or last went on after a pause: no night before that is missed.
    """

    schedule_id: str
    name: str
    cron: str
    timezone: str
    sources: tuple[str, ...]
    ignored: tuple[str, ...]
    budget: Cents | None
    ceiling: Cents | None
    max_parallel: int
    outputs: str
    catch_up: CatchUp
    home: str
    created_at: datetime
    counts_from: datetime
    paused_at: datetime | None = None
    removed_at: datetime | None = None

    @property
    def rests(self) -> bool:
        """Whether it begins no night now."""
        return self.paused_at is not None or self.removed_at is not None


@dataclass(frozen=True, slots=True)
class Night:
    """One time at which a schedule was due.

    Attributes:
        night: its name, which no other night of the schedule has; see `Timetable.night`.
        batch_id: the jobs it began; "" where it began none.
    """

    schedule_id: str
    night: str
    due_at: datetime
    at: datetime
    came: Came
    why: str
    batch_id: str


@dataclass(frozen=True, slots=True)
class NewNight:
    """A night to be begun.

    Attributes:
        work: run id → SHA-256 of what the run does, whatever lies in its files that night.
        grant_id, terms: for the grant of the night's batch, should one stand that has a night left.
    """

    schedule_id: str
    night: str
    due_at: datetime
    batch: Batch
    jobs: Sequence[tuple[NewRun, BatchJob]]
    work: Mapping[str, str]
    grant_id: str
    account: str
    base_url: str
    granted_until: datetime


@dataclass(frozen=True, slots=True)
class StandingGrant:
    """A question to a human about the orders of many nights, and the answer.

    Attributes:
        amount, pods: of each night.
        expires_at: no answer from then on.
        until: no night from then on.
        code: for human channels only (law 4).
    """

    grant_id: str
    schedule_id: str
    amount: Cents
    pods: int
    nights: int
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
    def terms(self) -> NightTerms:
        """What is said yes to."""
        return NightTerms(Terms(self.amount, self.pods, self.account, self.base_url, self.until), self.nights)


@dataclass(frozen=True, slots=True)
class NewStandingGrant:
    """A grant to be asked for; `work` are the digests of what it covers."""

    grant_id: str
    schedule_id: str
    terms: NightTerms
    work: frozenset[str]
    code: str = field(repr=False)
    expires_at: datetime
