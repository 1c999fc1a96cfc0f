"""What a spending call answered, parsed strictly; and what its outcome proves."""

from dataclasses import dataclass
from datetime import datetime

from policies.money import Cents


@dataclass(frozen=True, slots=True)
class Answer:
    """A spending call's answer as it came: stored first, parsed later (law 1)."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A 2xx of `rent-with-credits` that is well formed."""

    order_id: str
    gpu: str
    credits_spent: Cents
    status: str
    balance: Cents | None = None
    pod_id: str = ""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A 402 of `rent` that is well formed; `url` has been checked against the host list."""

    order_id: str
    gpu: str
    vram_gb: int | None
    hours: int
    total: Cents
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Garbled:
    """An answer of the right status that breaks its documented form.

    Attributes:
        reason: what is wrong, fit to be shown.
        order_id: an order id found in it all the same, to poll and to terminate.
    """

    reason: str
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """An answer whose status says no (or is an error)."""

    status: int
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer: timeout or reset after something may have left."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """Proof that nothing left: DNS, connect or TLS failed, or we chose not to send."""

    reason: str


CreditOutcome = Receipt | Garbled | Declined | Silence | Unsent
CheckoutOutcome = Checkout | Garbled | Declined | Silence | Unsent


@dataclass(frozen=True, slots=True)
class Balance:
    """The account's credits, in cents (1 credit = 1 cent)."""

    balance: Cents
    purchased: Cents
    spent: Cents


@dataclass(frozen=True, slots=True)
class Pack:
    """A credit pack on sale."""

    pack_id: str
    credits: int
    price: Cents
    label: str
    savings: str
