"""What stands in the provider's own books: its orders, and what it took."""

from dataclasses import dataclass

from policies.offer import Listing, Rail


@dataclass(slots=True)
class Taken:
    """Money that the provider took. It shows in `total_spent` only from `posted_at` on (monotonic).

    Attributes:
        charge_id: the charge of ours that asked for it, or "".
    """

    cents: int
    account: str
    rail: Rail
    order_id: str
    charge_id: str
    at: float
    posted_at: float


@dataclass(slots=True)
class Order:
    """One order. Times are monotonic; None means never.

    Attributes:
        deaf: so many next calls of `terminate` or `stop` are answered and do nothing.
        gone_for: when terminated it says so, and comes back to life after so many seconds.
        dies_after: its machine is dead so long after it came up, though it says that it runs.
        vanishes: it is ended when its paid hours are.
        wiped: it was stopped, and had no volume.
    """

    order_id: str
    listing: Listing
    hours: int
    rail: Rail
    account: str
    charge_id: str
    total: int
    made_at: float
    status: str = "reserved"
    ready_at: float | None = None
    paid_at: float | None = None
    link_dies_at: float = 0.0
    deaf: int = 0
    gone_for: float | None = None
    back_at: float | None = None
    dies_after: float | None = None
    came_up_at: float | None = None
    stopped_at: float | None = None
    storage_hours: int = 0
    vanishes: bool = False
    wiped: bool = False

    @property
    def lives(self) -> bool:
        """Whether it costs somebody something, whatever it says of itself."""
        return self.status not in ("terminated", "reserved") or self.back_at is not None
