"""The provider as it really is: its orders, what it took from whom, and its bad habits. Nothing here can fail."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from policies.answers import Answer, Balance
from policies.money import Cents, reservation, usd
from policies.offer import Listing, Rail
from policies.order import OrderView
from tests.agent.watched import address
from tests.fakes.faults import refusal
from tests.fakes.market import LISTINGS
from tests.simulation.books import Order, Taken
from tests.simulation.loop import LoopClock

STORAGE_CENTS = 5
HOUR = 3600.0


@dataclass(slots=True)
class Provider:
    """All of GPU Hog, in memory.

    Attributes:
        bad: how often an order gets a bad habit (probability).
        link_seconds: how long a checkout link lives, as it says; it can be paid a while longer.
        on_volume: what is in a pod's folder survives `stop`.
        by_timer: told as a pod's own timer ends it.
    """

    clock: LoopClock
    dice: Random
    bad: float
    link_seconds: float
    on_volume: bool
    stock: dict[str, Listing] = field(default_factory=lambda: {one.gpu_id: one for one in LISTINGS})
    orders: dict[str, Order] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    purchased: dict[str, int] = field(default_factory=dict)
    prices: list[tuple[float, str, str]] = field(default_factory=list)
    """(when, gpu_id, price): every price ever listed."""
    said_gone: set[str] = field(default_factory=set)
    by_timer: Callable[[str, str], object] = lambda _verb, _order_id: None

    def __post_init__(self) -> None:
        for one in self.stock.values():
            self.prices.append((0.0, one.gpu_id, str(one.price_per_hour)))

    # what the world sees

    def listed(self) -> tuple[Listing, ...]:
        return tuple(self.stock.values())

    def spent(self, account: str) -> int:
        """`total_spent` as it is told now: what was taken and has been posted."""
        now = self.clock.monotonic()
        mine = (one for one in self.taken if one.account == account and one.rail is Rail.CREDITS)
        return sum(one.cents for one in mine if one.posted_at <= now)

    def balance(self, account: str) -> Balance:
        if not account:
            raise refusal(401)
        self.catch_up()
        spent, purchased = self.spent(account), self.purchased.setdefault(account, 2500)
        return Balance(Cents(purchased - spent), Cents(purchased), Cents(spent))

    def view(self, order_id: str) -> OrderView:
        order = self.known(order_id)
        if order.status == "terminated":
            self.said_gone.add(order_id)
        running = order.status == "running"
        return OrderView(
            order_id=order.order_id,
            status=order.status,
            gpu=order.listing.name,
            vram_gb=order.listing.vram_gb,
            hours=order.hours,
            pod_id=f"pod-{order.order_id}",
            ssh=address(order_id) if running else None,
        )

    def reachable(self, access: str) -> bool:
        """Whether the machine behind an address answers."""
        for order in self.orders.values():
            if address(order.order_id) == access:
                self._settle(order)
                return order.status == "running" and not self._is_dead(order)
        return False

    def _is_dead(self, order: Order) -> bool:
        if order.dies_after is None or order.came_up_at is None:
            return False
        return self.clock.monotonic() >= order.came_up_at + order.dies_after

    # what buyers do

    def rent(self, gpu_id: str, hours: int, account: str, charge_id: str) -> Answer:
        order = self._new_order(gpu_id, hours, Rail.STRIPE, account, charge_id)
        if order is None:
            return answer(404, error="unknown GPU")
        order.link_dies_at = self.clock.monotonic() + self.link_seconds + self.dice.choice((0.0, 0.0, 900.0, 4 * HOUR))
        until = self.clock.now() + timedelta(seconds=self.link_seconds)
        link = f"https://checkout.stripe.com/c/pay/{order.order_id}"
        return answer(
            402,
            status=402,
            message="Payment Required",
            order_id=order.order_id,
            gpu=order.listing.name,
            vram=f"{order.listing.vram_gb} GB",
            hours=hours,
            total_usd=usd(order.total),
            payment={"method": "stripe_checkout", "checkout_url": link, "expires_at": until.isoformat()},
        )

    def rent_with_credits(self, gpu_id: str, hours: int, account: str, charge_id: str, late: float = 0.0) -> Answer:
        """Args: late: seconds until the debit shows in `total_spent`."""
        if not account:
            return answer(401, error="no key")
        self.catch_up()
        offered = self.stock.get(gpu_id)
        if offered is not None and reservation(offered.price_per_hour, hours) > self.balance(account).balance:
            return answer(402, error="not enough credits")
        order = self._new_order(gpu_id, hours, Rail.CREDITS, account, charge_id)
        if order is None:
            return answer(404, error="unknown GPU")
        self.take(order.total, account, Rail.CREDITS, order.order_id, charge_id, late)
        self._deploy(order)
        return answer(
            200,
            status="deploying",
            order_id=order.order_id,
            pod_id=f"pod-{order.order_id}",
            gpu=order.listing.name,
            credits_spent=order.total,
            balance=self.purchased[account] - self.spent(account),
        )

    def pay(self, order_id: str) -> bool:
        """A human pays a checkout link, if it can still be paid."""
        order = self.orders[order_id]
        if order.status != "reserved" or self.clock.monotonic() >= order.link_dies_at:
            return False
        self.take(order.total, order.account, Rail.STRIPE, order_id, order.charge_id)
        self._deploy(order)
        return True

    def take(
        self, cents: int, account: str, rail: Rail, order_id: str = "", charge_id: str = "", late: float = 0.0
    ) -> None:
        now = self.clock.monotonic()
        self.taken.append(Taken(cents, account, rail, order_id, charge_id, now, now + late))

    def stop(self, order_id: str) -> str:
        order = self.known(order_id)
        if order.status not in ("running", "stopped"):
            raise refusal(409)
        if order.status == "running" and not self._is_deaf(order):
            self.halt(order)
        return "stopped"

    def halt(self, order: Order) -> None:
        order.status, order.stopped_at = "stopped", self.clock.monotonic()
        order.wiped = order.wiped or not self.on_volume

    def start(self, order_id: str) -> bool:
        """Somebody starts a stopped pod on the provider's own page."""
        order = self.known(order_id)
        if order.status != "stopped":
            return False
        self.take(reservation(order.listing.price_per_hour, 1), order.account, Rail.CREDITS, order_id)
        order.status, order.ready_at, order.stopped_at = "starting", self.clock.monotonic() + 60, None
        order.dies_after, order.came_up_at, order.vanishes = None, None, False
        return True

    def terminate(self, order_id: str) -> str:
        order = self.known(order_id)
        if order.status == "terminated" or self._is_deaf(order):
            return "terminated"
        self.end(order)
        if order.gone_for is not None:
            order.back_at, order.gone_for = self.clock.monotonic() + order.gone_for, None
        return "terminated"

    def _is_deaf(self, order: Order) -> bool:
        order.deaf -= 1
        return order.deaf >= 0

    def end(self, order: Order) -> None:
        order.status, order.ready_at, order.stopped_at = "terminated", None, None

    # what time does

    def catch_up(self) -> None:
        """Everything that happened by itself until now."""
        for order in self.orders.values():
            self._settle(order)

    def known(self, order_id: str) -> Order:
        if (order := self.orders.get(order_id)) is None:
            raise refusal(404)
        self._settle(order)
        return order

    def _settle(self, order: Order) -> None:
        now = self.clock.monotonic()
        if order.ready_at is not None and now >= order.ready_at:
            order.status, order.came_up_at, order.ready_at = "running", order.ready_at, None
        if order.back_at is not None and now >= order.back_at:
            order.status, order.back_at = "running", None
        ends_at = None if order.paid_at is None else order.paid_at + order.hours * HOUR
        if order.vanishes and ends_at is not None and now >= ends_at and order.status == "running":
            self.end(order)
        self._bill_storage(order, now)

    def _bill_storage(self, order: Order, now: float) -> None:
        if order.stopped_at is None:
            order.storage_hours = 0
            return
        begun = int((now - order.stopped_at) // HOUR) + 1
        for _ in range(begun - order.storage_hours):
            self.take(STORAGE_CENTS, order.account, Rail.CREDITS, order.order_id)
        order.storage_hours = begun

    def _new_order(self, gpu_id: str, hours: int, rail: Rail, account: str, charge_id: str) -> Order | None:
        if (listed := self.stock.get(gpu_id)) is None:
            return None
        order_id = f"HOG-{self.dice.getrandbits(32):08x}{len(self.orders) + 1:04x}"
        total = reservation(listed.price_per_hour, hours)
        order = Order(order_id, listed, hours, rail, account, charge_id, total, self.clock.monotonic())
        self._draw_habits(order)
        self.orders[order_id] = order
        return order

    def _draw_habits(self, order: Order) -> None:
        dice = self.dice
        if dice.random() < self.bad:
            order.deaf = dice.choice((1, 1, 2, 3, 6, 9))
        if dice.random() < self.bad / 2:
            order.gone_for = dice.choice((600.0, 2 * HOUR, 30 * HOUR))
        if dice.random() < self.bad / 3:
            order.dies_after = dice.choice((5.0, 100.0, 2000.0))
        order.vanishes = dice.random() < 0.5

    def _deploy(self, order: Order) -> None:
        now = self.clock.monotonic()
        stuck = self.dice.random() < self.bad / 3
        order.status, order.paid_at = "deploying", now
        order.ready_at = None if stuck else now + self.dice.choice((1.0, 20.0, 60.0, 200.0))

    # what others do

    def set_price(self, gpu_id: str, price: str) -> None:
        """List a GPU at another price (USD per hour) from now on."""
        if gpu_id in self.stock:
            self.stock[gpu_id] = replace(self.stock[gpu_id], price_per_hour=Decimal(price))
            self.prices.append((self.clock.monotonic(), gpu_id, price))

    def act_by_timer(self, verb: str, order_id: str) -> None:
        """A pod's own timer ends or stops it, and tries until that is done."""
        order = self.known(order_id)
        order.deaf = 0
        if verb == "terminate":
            self.by_timer(verb, order_id)
            self.end(order)
        elif order.status == "running":
            self.halt(order)


def answer(http_status: int, **body: Any) -> Answer:
    return Answer(http_status, json.dumps(body).encode())
