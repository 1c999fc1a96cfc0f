"""What the market lists, what a job would pay for it, and the offer a human or a policy says yes to."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from policies.money import Cents


class Rail(StrEnum):
    """The way an order is paid."""

    CREDITS = "credits"
    STRIPE = "stripe"

    @property
    def words(self) -> str:
        """As a human says it: paid `from credits`, `by card`."""
        return "by card" if self is Rail.STRIPE else "from credits"


@dataclass(frozen=True, slots=True)
class Listing:
    """One GPU as `GET /gpus` lists it, parsed and checked."""

    gpu_id: str
    name: str
    vram_gb: int
    price_per_hour: Decimal
    """USD per hour, exact."""
    tier: str
    payment_methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """A listing priced for one job."""

    listing: Listing
    hours: int
    """Hours to pay for."""
    total: Cents
    """Price × hours, rounded up to a whole cent: what would be reserved."""
    cost_to_finish: Cents
    """The share of `total` the job is expected to use."""
    reason: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """A listing that was not chosen, and why."""

    gpu_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One purchase on one rail, exactly as an approval is bound to it (law 4)."""

    run_id: str
    attempt: int
    gpu_id: str
    gpu_name: str
    vram_gb: int
    price_per_hour: Decimal
    hours: int
    amount: Cents
    rail: Rail
    account: str
    """Fingerprint of the API key that pays, or `""` without one."""
    base_url: str
    job_sha256: str
