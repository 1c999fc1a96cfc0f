"""The provider's rules: who owes what, and how an order moves. No network, no pods; time comes from the clock."""

import math
import secrets
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from policies.money import Cents, reservation
from tools.errors import Refused
from tools.sandbox.catalogue import GPUS, STORAGE_CENTS_PER_HOUR, Gpu, find_gpu
from tools.sandbox.records import LIVE, Account, Debit, Kind, Order, Settings, Status
from tools.sandbox.store import Store

MAX_HOURS = 720
DEPLOYS = (Status.DEPLOYING, Status.STARTING)


class Market:
    """The market's state. Every refusal is a `Refused` that carries the HTTP status the provider answers."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._orders = {order.order_id: order for order in store.orders()}
        self._ended: set[str] = set()
        self.settings = store.settings()

    def configure(self, settings: Settings) -> None:
        """Put settings in force, now and after a restart."""
        self._store.keep_settings(settings)
        self.settings = settings

    def now(self) -> float:
        """The present in Unix seconds."""
        return self._clock()

    def listed(self) -> list[tuple[Gpu, Decimal]]:
        """What can be rented now, with prices in USD per hour."""
        return [(gpu, self._price(gpu)) for gpu in GPUS if self._in_stock(gpu)]

    def orders(self) -> list[Order]:
        """Every order, oldest first."""
        return list(self._orders.values())

    def debits(self) -> list[Debit]:
        """Every debit and refund on either rail, in the order they were booked."""
        return self._store.debits()

    def account(self) -> Account:
        """The credits account as it is, storage booked up to now."""
        self._let_time_pass()
        return Account(self.settings.credits_purchased, self._store.credits_spent())

    def shown_account(self) -> Account:
        """The credits account as the provider shows it: debits may come late."""
        self._let_time_pass()
        return Account(self.settings.credits_purchased, self._store.credits_spent(self.now()))

    def order(self, order_id: str) -> Order:
        """One order. Raises `Refused` 404."""
        if (order := self._orders.get(order_id)) is None:
            raise Refused("Order not found", 404)
        return order

    def shown_order(self, order_id: str) -> Order:
        """One order as the provider shows it, which may be a lie. Raises `Refused` 404."""
        order = self.order(order_id)
        lies = order.lied_until is not None and self.now() < order.lied_until
        return _said_ended(order) if lies else order

    def by_token(self, token: str) -> Order:
        """The order a checkout link belongs to. Raises `Refused` 404."""
        for order in self._orders.values():
            if order.token and secrets.compare_digest(order.token.encode(), token.encode()):
                return order
        raise Refused("This checkout does not exist", 404)

    def rent(self, gpu_id: str, hours: int) -> Order:
        """Reserve an order that a checkout link pays for."""
        gpu = self._available(gpu_id, hours)
        order = replace(
            self._new_order(gpu, hours),
            rail="stripe",
            token=secrets.token_urlsafe(24),
            expires_at=self.now() + self.settings.checkout_minutes * 60,
        )
        return self._keep(order)

    def rent_with_credits(self, gpu_id: str, hours: int) -> tuple[Order, Cents]:
        """Debit price × hours and deploy; returns the order and what it cost."""
        gpu = self._available(gpu_id, hours)
        cost = reservation(self._price(gpu), hours)
        self._demand_balance(cost)
        order = self._paid(self._new_order(gpu, hours))
        shown_at = self.now() + self.settings.debit_delay_seconds if self.settings.debit_delay_seconds else 0.0
        return self._keep(order, replace(self._debit(order, "rent", cost), shown_at=shown_at)), cost

    def pay(self, token: str) -> Order:
        """Pay a checkout link by card; paying twice takes the money once. Raises `Refused` 404 or 410."""
        order = self.by_token(token)
        if order.status is not Status.RESERVED:
            if order.ready_at is None:
                raise Refused("This order was cancelled", 410)
            return order
        if self.link_expired(order):
            raise Refused("This checkout has expired", 410)
        paid = self._paid(order)
        return self._keep(paid, self._debit(paid, "rent", total(order)))

    def link_expired(self, order: Order) -> bool:
        """Whether the order's checkout link can't be paid any more because of its age."""
        return order.expires_at is not None and self.now() >= order.expires_at + self.settings.late_payment

    def deployed(self, order_id: str, ssh_port: int) -> Order:
        """The pod answers on this port: deploying or starting is over."""
        return self._keep(replace(self.order(order_id), status=Status.RUNNING, ssh_port=ssh_port))

    def stop(self, order_id: str) -> Order:
        """Pause a running pod; its volume costs storage from now on. Repeatable."""
        order = self.order(order_id)
        if order.status is Status.STOPPED:
            return order
        if order.status is not Status.RUNNING:
            raise Refused(f"The pod is {order.status}, not running", 409)
        return self._keep(replace(order, status=Status.STOPPED, ssh_port=0, lease_end=None, stored_until=self.now()))

    def start(self, order_id: str) -> Order:
        """Debit one hour and start a stopped pod."""
        self._let_time_pass()
        order = self.order(order_id)
        if order.status is Status.RESERVED:
            raise Refused("The order is not paid", 402)
        if order.status is not Status.STOPPED:
            raise Refused(f"The pod is {order.status}, not stopped", 409)
        if not self._in_stock(gpu_of(order)):
            raise Refused("Out of stock", 409)
        cost = reservation(order.price_per_hour, 1)
        self._demand_balance(cost)
        started = replace(self._deployed_later(order, 1), status=Status.STARTING, stored_until=None, dead=False)
        return self._keep(started, replace(self._debit(started, "start", cost), rail="credits"))

    def terminate(self, order_id: str) -> Order:
        """End an order for good, or only say so where the settings ask for it. Repeatable. Returns what is said."""
        self._let_time_pass()
        order = self.order(order_id)
        if order.status in (*LIVE, Status.STOPPED):
            if self._goes_wrong("deaf_terminates"):
                return _said_ended(order)
            if self._goes_wrong("lying_terminates"):
                return _said_ended(self._keep(replace(order, lied_until=self.now() + self.settings.lie_seconds)))
        return self.end(order_id)

    def end(self, order_id: str) -> Order:
        """End an order for good, truly. Repeatable."""
        order = self.order(order_id)
        return order if order.status is Status.TERMINATED else self._end(order)

    def kill_pod(self, order_id: str) -> Order:
        """The machine of a running pod dies, and the order goes on saying that it runs. Raises `Refused` 404 or 409."""
        order = self.order(order_id)
        if order.status is not Status.RUNNING:
            raise Refused(f"The pod is {order.status}, not running", 409)
        return self._keep(replace(order, dead=True))

    def refund(self, order_id: str, cents: int) -> Order:
        """Give `cents` credits back on the books."""
        order = self.order(order_id)
        return self._keep(order, Debit(self.now(), order_id, "refund", "credits", -cents))

    def due(self) -> list[Order]:
        """Let time pass; returns the orders whose pods are to be made or ended now."""
        self._let_time_pass()
        ended = [self._orders[order_id] for order_id in sorted(self._ended)]
        self._ended.clear()
        now = self.now()
        return ended + [
            o for o in self.orders() if o.status in DEPLOYS and o.ready_at is not None and o.ready_at <= now
        ]

    def next_change(self) -> float | None:
        """When time alone changes something next (Unix seconds), or None."""
        return min((when for order in self._orders.values() if (when := self._due(order)) is not None), default=None)

    def alive(self) -> bool:
        """Whether a pod runs, is about to, or may yet be paid for."""
        return any(
            order.status in LIVE or (order.status is Status.RESERVED and not self.link_expired(order))
            for order in self._orders.values()
        )

    def _let_time_pass(self) -> None:
        """Book storage, and end what its paid hours or the credits no longer reach for."""
        now = self.now()
        for order in self.orders():
            lease_over = order.status in LIVE and order.lease_end is not None and order.lease_end <= now
            if lease_over or (order.status is Status.STOPPED and self._book_storage(order, now)):
                self._end(self.order(order.order_id))

    def _due(self, order: Order) -> float | None:
        match order.status:
            case Status.DEPLOYING | Status.STARTING:
                return min((when for when in (order.ready_at, order.lease_end) if when is not None), default=None)
            case Status.RUNNING:
                return order.lease_end
            case Status.STOPPED if order.stored_until is not None:
                return order.stored_until + self.settings.hour_seconds
            case _:
                return None

    def _book_storage(self, order: Order, now: float) -> bool:
        """Debit every whole hour a stopped pod has been kept; True when the credits did not reach."""
        until, debits = order.stored_until or now, []
        left = self.settings.credits_purchased - self._store.credits_spent()
        while until + self.settings.hour_seconds <= now and left >= STORAGE_CENTS_PER_HOUR:
            until += self.settings.hour_seconds
            left -= STORAGE_CENTS_PER_HOUR
            debits.append(Debit(until, order.order_id, "storage", "credits", STORAGE_CENTS_PER_HOUR))
        if debits:
            self._keep(replace(order, stored_until=until), *debits)
        return until + self.settings.hour_seconds <= now

    def _new_order(self, gpu: Gpu, hours: int) -> Order:
        return Order(
            order_id=f"HOG-{secrets.token_hex(6)}",
            pod_id=secrets.token_hex(7),
            gpu_id=gpu.gpu_id,
            hours=hours,
            price=str(self._price(gpu)),
            rail="credits",
            status=Status.RESERVED,
            created_at=self.now(),
        )

    def _paid(self, order: Order) -> Order:
        deployed = self._deployed_later(order, order.hours)
        return replace(deployed, ready_at=math.inf) if self._goes_wrong("stuck_deploys") else deployed

    def _goes_wrong(self, setting: Literal["stuck_deploys", "deaf_terminates", "lying_terminates"]) -> bool:
        """Whether this call is one of the next few that are to go wrong; it is counted then."""
        left: int = getattr(self.settings, setting)
        if left:
            self.configure(replace(self.settings, **{setting: left - 1}))  # type: ignore[arg-type]
        return left > 0

    def _deployed_later(self, order: Order, hours: int) -> Order:
        now = self.now()
        ready_at = now + self.settings.deploy_seconds
        lease_end = now + hours * self.settings.hour_seconds
        return replace(order, status=Status.DEPLOYING, ready_at=ready_at, lease_end=lease_end)

    def _available(self, gpu_id: str, hours: int) -> Gpu:
        if (gpu := find_gpu(gpu_id)) is None:
            raise Refused("Unknown GPU", 404)
        if not 1 <= hours <= MAX_HOURS:
            raise Refused(f"hours must be 1 to {MAX_HOURS}", 422)
        if not self._in_stock(gpu):
            raise Refused("Out of stock", 404)
        return gpu

    def _in_stock(self, gpu: Gpu) -> bool:
        taken = sum(order.gpu_id == gpu.gpu_id and order.status in LIVE for order in self._orders.values())
        return taken < self.settings.stock.get(gpu.gpu_id, taken + 1)

    def _price(self, gpu: Gpu) -> Decimal:
        return Decimal(self.settings.prices.get(gpu.gpu_id, gpu.price))

    def _demand_balance(self, cost: Cents) -> None:
        balance = self.account().balance
        if balance < cost:
            raise Refused(f"Not enough credits: {cost} needed, {balance} left", 402)

    def _debit(self, order: Order, kind: Kind, cost: Cents) -> Debit:
        return Debit(self.now(), order.order_id, kind, order.rail, cost)

    def _end(self, order: Order) -> Order:
        self._ended.add(order.order_id)
        return self._keep(replace(order, status=Status.TERMINATED, ssh_port=0, stored_until=None))

    def _keep(self, order: Order, *debits: Debit) -> Order:
        self._store.save(order, debits)
        self._orders[order.order_id] = order
        return order


def _said_ended(order: Order) -> Order:
    return replace(order, status=Status.TERMINATED)


def gpu_of(order: Order) -> Gpu:
    """The GPU an order was made for."""
    return next(gpu for gpu in GPUS if gpu.gpu_id == order.gpu_id)


def total(order: Order) -> Cents:
    """What an order costs: price × hours, rounded up to a whole cent."""
    return reservation(order.price_per_hour, order.hours)
