"""What comes of asking the spend log to record an answer or to reserve money, where it is not what was asked for."""

from dataclasses import dataclass

from tools.spend_log.rows import Approval


@dataclass(frozen=True, slots=True)
class Frozen:
    """Spending is frozen; nothing was reserved."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotApproved:
    """The approval named is missing, denied, expired, used, or bound to another offer; nothing was reserved."""

    reason: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The decision is in the log; the process that drives the run acts on it."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """Nothing was decided, and why: wrong code, another amount, expired, already decided, nothing asked."""

    reason: str
