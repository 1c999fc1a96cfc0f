"""What the spend log keeps, as frozen values. Times are zoned UTC; money is integer cents."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from policies.charge import ChargeState
from policies.money import Cents
from policies.offer import Offer, Rail
from tools.spend_log.peak_rows import Work


class RunStatus(StrEnum):
    """CONTRACT §6."""

    QUEUED = "queued"
    ACTIVE = "active"
    WAITING_FOR_HUMAN = "waiting_for_human"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"
    DENIED = "denied"
    CANCELLED = "cancelled"
    IN_DOUBT = "in_doubt"


ENDED = frozenset(
    {
        RunStatus.SUCCEEDED,
        RunStatus.FAILED,
        RunStatus.REFUSED,
        RunStatus.DENIED,
        RunStatus.CANCELLED,
        RunStatus.IN_DOUBT,
    }
)


@dataclass(frozen=True, slots=True)
class NewRun:
    """A job as submitted.

    Attributes:
        job_json: the resolved job, without any secret's value.
        job_sha256: of the command, the mounts' content and the env names; approvals are bound to it.
        job_path: the job file, to read literal secrets again; "" for free text.
        ceiling: the lowest of `budget_usd` and `--max-usd`, or None.
        home: the home that has its files; "" where the store lies in that home itself.
        work: what earlier runs' peaks are looked up by; None where none is to count.
    """

    run_id: str
    name: str
    job_json: str
    job_sha256: str
    job_path: str
    ceiling: Cents | None
    outputs_dir: str
    created_at: datetime
    home: str
    work: Work | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run and where it stands."""

    run_id: str
    name: str
    job_json: str
    job_sha256: str
    job_path: str
    ceiling: Cents | None
    outputs_dir: str
    created_at: datetime
    status: RunStatus
    step: str
    reason: str
    code: int | None
    """The exit code that `run` ends with (CONTRACT §6), once ended or waiting."""
    job_exit_code: int | None
    cancel_requested: bool
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that drives a run. Boot id, pid and start time together name it for ever."""

    boot_id: str
    pid: int
    started: str
    host: str


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to drive one run."""

    run_id: str
    holder: Holder
    heartbeat_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that drives whatever nobody else drives, and when it last said that it lives.

    Attributes:
        home: whose runs it drives; "" where the store lies in that home itself.
    """

    holder: Holder
    heartbeat_at: datetime
    home: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One offer of a run, numbered from 1; a new offer is a new attempt."""

    offer: Offer
    reason: str
    outcome: str
    """"" while it is current; then why it ended (`superseded`, `denied`, `sold out`, …)."""
    created_at: datetime


class Decision(StrEnum):
    """What a human said about an offer."""

    APPROVED = "approved"
    DENIED = "denied"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Approval:
    """A question to a human about one offer, and the answer.

    Attributes:
        code: for human channels only (law 4).
        charge_id: the charge that consumed it, or "".
    """

    approval_id: str
    offer: Offer
    code: str = field(repr=False)
    created_at: datetime
    expires_at: datetime
    decision: Decision | None
    decided_by: str
    decided_at: datetime | None
    charge_id: str


class Kind(StrEnum):
    """What a charge pays for."""

    RENT = "rent"
    START = "start"
    STORAGE = "storage"
    OVERRUN = "overrun"
    FOUND = "found"


@dataclass(frozen=True, slots=True)
class Charge:
    """One purchase and where its money stands."""

    charge_id: str
    run_id: str
    attempt: int
    kind: Kind
    rail: Rail
    gpu_id: str
    hours: int
    amount: Cents
    state: ChargeState
    account: str
    base_url: str
    auto: bool
    """Reserved without a human, under the auto-pay limits."""
    order_id: str
    balance_before: Cents | None
    total_spent_before: Cents | None
    late: bool
    note: str
    created_at: datetime
    submitted_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order that the provider named to us: a pod, or a link that may become one.

    Attributes:
        first_status: the status seen right after `rent`; any other proves a payment.
        paid_from: the earliest moment payment could have happened; the paid hours count from it.
        terminate_tries: how often we asked the provider to end it.
        gone_at: when the order itself said that it is gone.
    """

    order_id: str
    run_id: str
    attempt: int
    charge_id: str
    status: str
    first_status: str
    hours: int
    paid_from: datetime | None
    host_key: str
    on_volume: bool
    job_started: bool
    collected: bool
    checkout_url: str
    checkout_expires_at: datetime | None
    terminate_tries: int
    created_at: datetime
    gone_at: datetime | None


class Awaited(StrEnum):
    """What a parked run waits for."""

    HUMAN = "human"
    PAYMENT = "payment"
    DEPLOY = "deploy"
    HOST = "host"
    GONE = "gone"
    TURN = "turn"
    """Another purchase on the same key to settle."""
    DOUBT = "doubt"
    """What became of this run's own purchase, by the account's `total_spent`."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A run that waits: its node looked once, the watcher looks at `next_look`, and wakes it on change or at `until`.

    Attributes:
        what: the order id, or "" where none is involved.
        seen: the order status last seen.
    """

    run_id: str
    awaited: Awaited
    what: str
    seen: str
    interrupt_id: str
    parked_at: datetime
    until: datetime
    next_look: datetime
    looks: int


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the append-only, hash-chained history."""

    seq: int
    at: datetime
    run_id: str
    charge_id: str
    kind: str
    body: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Money by standing, in cents."""

    spent: Cents
    held: Cents
    in_doubt: Cents


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        row: which, e.g. `charge chg-1`, `event 7`, `order HOG-…e5f6`.
    """

    row: str
    problem: str

    def __str__(self) -> str:
        return f"{self.row}: {self.problem}"
