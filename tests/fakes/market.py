"""A stateful GPU Hog in memory, on a virtual clock, with the provider's own books and faults on order."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from policies.answers import Answer, Balance, Pack
from policies.money import Cents, price_from_text, reservation, usd
from policies.offer import Listing, Rail
from policies.order import OrderView
from tests.fakes.faults import Fault, read_under, refusal, spend_under
from tools.ports import Clock

LINK_MINUTES = 30
PURCHASED = Cents(2500)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Debit:
    """Money the provider took, on its own books."""

    order_id: str
    rail: Rail
    cents: Cents


@dataclass(slots=True)
class FakeOrder:
    """One order as the provider knows it. `ready_at` is on the monotonic clock, and set while it deploys."""

    order_id: str
    listing: Listing
    hours: int
    rail: Rail
    status: str
    ready_at: float | None = None
    link_dies_at: float = 0.0

    @property
    def total(self) -> Cents:
        return reservation(self.listing.price_per_hour, self.hours)


def listing(name: str, vram_gb: int, price: str, tier: str = "hog") -> Listing:
    """A listing whose gpu_id is `NVIDIA <name>`."""
    return Listing(f"NVIDIA {name}", name, vram_gb, price_from_text(price), tier, ("stripe",))


LISTINGS = (
    listing("RTX 3090", 24, "0.34", "piglet"),
    listing("RTX 4090", 24, "0.49"),
    listing("A100 80GB", 80, "1.69", "boar"),
)


@dataclass
class FakeMarket:
    """Implements `tools.ports.Market`.

    Attributes:
        purchased: credits ever bought, in cents; raising it is a top-up.
        deploy_seconds: how long deploying and starting take.
        stock: what is listed and can be rented, by gpu_id.
        debits: the provider's books, both rails.
        calls: the methods called, in order.
        faults: what goes wrong with the next calls, by method; each fault is used once.
        before_call: called as a call comes in: what happened in the world until then.
    """

    clock: Clock
    purchased: Cents = PURCHASED
    deploy_seconds: float = 60.0
    stock: dict[str, Listing] = field(default_factory=lambda: {one.gpu_id: one for one in LISTINGS})
    orders: dict[str, FakeOrder] = field(default_factory=dict)
    debits: list[Debit] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    faults: defaultdict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    before_call: Callable[[], object] = lambda: None

    def set_price(self, gpu_id: str, price: str) -> None:
        """List a GPU at another price (USD per hour) from now on."""
        self.stock[gpu_id] = replace(self.stock[gpu_id], price_per_hour=Decimal(price))

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next calls of `method` fail, one fault each."""
        self.faults[method].extend(faults)

    def pay(self, order_id: str) -> None:
        """A human pays the checkout link; paying twice takes the money once. Raises ValueError for a dead link."""
        order = self.orders[order_id]
        if order.status != "reserved":
            return
        if self.clock.monotonic() >= order.link_dies_at:
            raise ValueError("the link has expired")
        self.debits.append(Debit(order_id, Rail.STRIPE, order.total))
        self._deploy(order, "deploying")

    def spend_elsewhere(self, cents: int) -> None:
        """Somebody else pays with the same key."""
        self.debits.append(Debit("elsewhere", Rail.CREDITS, Cents(cents)))

    def act_by_timer(self, verb: str, order_id: str) -> None:
        """A pod's own timer calls `stop` or `terminate`; it tries until that is done, so that no fault matters."""
        order = self._known(order_id)
        if verb == "terminate":
            self._terminate(order)
        else:
            self._stop(order)

    @property
    def spent(self) -> Cents:
        """Credits taken so far, in cents."""
        return Cents(sum(debit.cents for debit in self.debits if debit.rail is Rail.CREDITS))

    async def gpus(self) -> tuple[Listing, ...]:
        return await self._read("gpus", lambda: tuple(self.stock.values()))

    async def docs(self) -> dict[str, object]:
        return await self._read("docs", lambda: {"name": "GPU Hog", "version": "2.0", "endpoints": []})

    async def order(self, order_id: str) -> OrderView:
        return await self._read("order", lambda: self._view(self._known(order_id)))

    async def packs(self) -> tuple[Pack, ...]:
        return await self._read("packs", lambda: (Pack("pack_500", 500, Cents(500), "Starter Pack", ""),))

    async def balance(self) -> Balance:
        return await self._read(
            "balance", lambda: Balance(Cents(self.purchased - self.spent), self.purchased, self.spent)
        )

    async def pig_chat(self, message: str) -> str:
        return await self._read("pig_chat", lambda: f"Oink. You said: {message}")

    async def rent(self, gpu_id: str, hours: int) -> Answer:
        return await self._spend("rent", lambda: self._rent(gpu_id, hours))

    async def rent_with_credits(self, gpu_id: str, hours: int) -> Answer:
        return await self._spend("rent_with_credits", lambda: self._rent_with_credits(gpu_id, hours))

    async def stop(self, order_id: str) -> str:
        return await self._read("stop", lambda: self._stop(self._known(order_id)))

    async def start(self, order_id: str) -> Answer:
        return await self._spend("start", lambda: self._start(order_id))

    async def terminate(self, order_id: str) -> str:
        return await self._read("terminate", lambda: self._terminate(self._known(order_id)))

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _read(self, method: str, act: Callable[[], _T]) -> _T:
        return read_under(await self._fault(method), act)

    async def _spend(self, method: str, act: Callable[[], Answer]) -> Answer:
        return spend_under(await self._fault(method), act)

    async def _fault(self, method: str) -> Fault | None:
        self.calls.append(method)
        self.before_call()
        await asyncio.sleep(0)
        return self.faults[method].popleft() if self.faults[method] else None

    def _rent(self, gpu_id: str, hours: int) -> Answer:
        order = self._new_order(gpu_id, hours, Rail.STRIPE)
        if order is None:
            return _answer(404, error="unknown GPU")
        order.link_dies_at = self.clock.monotonic() + LINK_MINUTES * 60
        return _answer(
            402,
            status=402,
            message="Payment Required",
            order_id=order.order_id,
            gpu=order.listing.name,
            vram=f"{order.listing.vram_gb} GB",
            hours=hours,
            total_usd=usd(order.total),
            payment={
                "method": "stripe_checkout",
                "checkout_url": f"https://checkout.stripe.com/c/pay/{order.order_id}",
                "expires_at": (self.clock.now() + timedelta(minutes=LINK_MINUTES)).isoformat(),
            },
        )

    def _rent_with_credits(self, gpu_id: str, hours: int) -> Answer:
        offered = self._find(gpu_id)
        if offered is not None and reservation(offered.price_per_hour, hours) > self.purchased - self.spent:
            return _answer(402, error="not enough credits")
        order = self._new_order(gpu_id, hours, Rail.CREDITS)
        if order is None:
            return _answer(404, error="unknown GPU")
        self.debits.append(Debit(order.order_id, Rail.CREDITS, order.total))
        self._deploy(order, "deploying")
        return _answer(
            200,
            status="deploying",
            order_id=order.order_id,
            pod_id=f"pod-{order.order_id}",
            gpu=order.listing.name,
            credits_spent=order.total,
            balance=self.purchased - self.spent,
        )

    def _start(self, order_id: str) -> Answer:
        order = self.orders.get(order_id)
        if order is None:
            return _answer(404, error="unknown order")
        self._settle(order)
        if order.status != "stopped":
            return _answer(409, error="not stopped")
        cost = reservation(order.listing.price_per_hour, 1)
        if cost > self.purchased - self.spent:
            return _answer(402, error="not enough credits")
        self.debits.append(Debit(order_id, Rail.CREDITS, cost))
        self._deploy(order, "starting")
        return _answer(200, status="starting", order_id=order_id)

    def _stop(self, order: FakeOrder) -> str:
        if order.status not in ("running", "stopped"):
            raise refusal(409)
        order.status = "stopped"
        return order.status

    def _terminate(self, order: FakeOrder) -> str:
        order.status, order.ready_at = "terminated", None
        return order.status

    def _find(self, wanted: str) -> Listing | None:
        return next((one for one in self.stock.values() if wanted in (one.gpu_id, one.name)), None)

    def _new_order(self, gpu_id: str, hours: int, rail: Rail) -> FakeOrder | None:
        if (offered := self._find(gpu_id)) is None:
            return None
        order = FakeOrder(f"HOG-{len(self.orders) + 1:012x}", offered, hours, rail, "reserved")
        self.orders[order.order_id] = order
        return order

    def _deploy(self, order: FakeOrder, status: str) -> None:
        order.status, order.ready_at = status, self.clock.monotonic() + self.deploy_seconds

    def _settle(self, order: FakeOrder) -> None:
        if order.ready_at is not None and self.clock.monotonic() >= order.ready_at:
            order.status, order.ready_at = "running", None

    def _known(self, order_id: str) -> FakeOrder:
        if (order := self.orders.get(order_id)) is None:
            raise refusal(404)
        self._settle(order)
        return order

    def _view(self, order: FakeOrder) -> OrderView:
        running = order.status == "running"
        return OrderView(
            order_id=order.order_id,
            status=order.status,
            gpu=order.listing.name,
            vram_gb=order.listing.vram_gb,
            hours=order.hours,
            pod_id=f"pod-{order.order_id}",
            ssh="ssh root@203.0.113.42 -p 22042" if running else None,
            gpu_util=23 if running else None,
            mem_util=18 if running else None,
        )


def _answer(http_status: int, **body: Any) -> Answer:
    return Answer(http_status, json.dumps(body).encode())
