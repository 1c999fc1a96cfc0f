"""What the spend log keeps of accounts and of who spends from them, as frozen values."""

from dataclasses import dataclass
from datetime import datetime

from policies.money import Cents
from tools.spend_log.rows import Charge, Holder


@dataclass(frozen=True, slots=True)
class Sender:
    """The process that sent, or is about to send, a purchase.

    Attributes:
        landed_at: when its call had returned, answered or not; None while it may still send.
    """

    holder: Holder
    landed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at an account's `total_spent`.

    Attributes:
        drift: cents by which it was higher than all we know of; None where that could not be told.
    """

    at: datetime
    spent: Cents
    drift: int | None


@dataclass(frozen=True, slots=True)
class Observed:
    """What a reading of the balance showed.

    Attributes:
        drift: as in `Reading`.
        why: why it could not be told, or "".
        booked: money found by it, each now a row of its own.
    """

    drift: int | None
    why: str
    booked: tuple[Charge, ...]
