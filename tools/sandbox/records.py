"""What the books hold: orders, debits and the settings of this sandbox, as frozen values."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

Rail = Literal["credits", "stripe"]
Kind = Literal["rent", "start", "storage", "refund"]
SshMode = Literal["open", "refused", "dropped"]


class Status(StrEnum):
    """Where an order stands, in the provider's words."""

    RESERVED = "reserved"
    DEPLOYING = "deploying"
    RUNNING = "running"
    STOPPED = "stopped"
    STARTING = "starting"
    TERMINATED = "terminated"


LIVE = frozenset({Status.DEPLOYING, Status.STARTING, Status.RUNNING})
"""A GPU is taken."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order. All times are Unix seconds; `None` where the time does not apply (yet).

    Attributes:
        price: USD per hour at which it was rented, exact, as text.
        token: the capability in its checkout link, `""` for credits orders.
        expires_at: when the checkout link dies.
        ready_at: when deploying or starting is over.
        lease_end: when the paid hours are over.
        stored_until: up to when the volume of a stopped pod is paid.
        ssh_port: 0 unless running.
        lied_until: until then it is shown as terminated, although it is not.
        dead: its pod has no process and no SSH server left, whatever the status says.
    """

    order_id: str
    pod_id: str
    gpu_id: str
    hours: int
    price: str
    rail: Rail
    status: Status
    created_at: float
    token: str = ""
    expires_at: float | None = None
    ready_at: float | None = None
    lease_end: float | None = None
    stored_until: float | None = None
    ssh_port: int = 0
    lied_until: float | None = None
    dead: bool = False

    @property
    def price_per_hour(self) -> Decimal:
        """USD per hour, exact."""
        return Decimal(self.price)


@dataclass(frozen=True, slots=True)
class Debit:
    """Money taken at `at` (Unix seconds) for an order; a refund is negative.

    The account shows it from `shown_at` on.
    """

    at: float
    order_id: str
    kind: Kind
    rail: Rail
    cents: int
    shown_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Account:
    """The credits account; `balance` is `purchased - spent`."""

    purchased: int
    spent: int

    @property
    def balance(self) -> int:
        """Credits left; 1 credit is 1 cent."""
        return self.purchased - self.spent


@dataclass(frozen=True, slots=True)
class Settings:
    """What a test or a notebook may set.

    Attributes:
        deploy_seconds: how long deploying and starting take.
        hour_seconds: how long a paid hour (and an hour of storage) lasts here.
        checkout_minutes: how long a checkout link lives.
        credits_purchased: all credits ever bought; raising it is a top-up.
        gpu_util: percent shown in `gpu_stats`, and by the `nvidia-smi` of pods that open from now on.
        mem_util: likewise; there it is the share of the GPU's memory that is in use.
        prices: USD per hour by gpu_id, where not the list price.
        stock: how many of a gpu_id can run at once, where not unlimited.
        stuck_deploys: how many of the next orders paid for never leave deploying.
        deaf_terminates: how many of the next terminate calls answer `terminated` and do nothing.
        lying_terminates: how many of the next terminate calls do nothing, while the order too says terminated for a
            time; each comes after those that are deaf.
        lie_seconds: how long that is.
        debit_delay_seconds: how long after `rent-with-credits` the account does not show its debit yet.
        late_payment: for how many seconds a checkout link can still be paid after its `expires_at`.
        ssh: whether running pods answer (`open`), refuse connections, or have each connection dropped.
        ssh_drop_seconds: how long a connection lives where they are dropped.
    """

    deploy_seconds: float = 1.5
    hour_seconds: float = 3600.0
    checkout_minutes: float = 30.0
    credits_purchased: int = 2500
    gpu_util: int = 23
    mem_util: int = 18
    prices: dict[str, str] = field(default_factory=dict)
    stock: dict[str, int] = field(default_factory=dict)
    stuck_deploys: int = 0
    deaf_terminates: int = 0
    lying_terminates: int = 0
    lie_seconds: float = 5.0
    debit_delay_seconds: float = 0.0
    late_payment: float = 0.0
    ssh: SshMode = "open"
    ssh_drop_seconds: float = 1.0
