"""One payer on a real disk and clock: the real engine's parts, a provider in this process, and pods in memory."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from pydantic import SecretStr

from agent.assemble_parts import Place, parts_of
from agent.checkpoints import checkpoints
from agent.clock import SystemClock
from agent.drive import Driver
from agent.folders import Home
from agent.graph import build_graph
from agent.herd import Herd
from agent.parking import Cause
from agent.policy_file import PolicyFile
from policies.answers import Answer, Balance
from policies.money import Cents
from policies.offer import Listing, Rail
from policies.order import OrderView
from policies.policy import Budget, Network, Payment, Policy, Time
from tests.fakes.market import LISTINGS, FakeMarket, FakeOrder
from tests.fakes.pods import FakePods
from tools.gpuhog.limiter import Limiter
from tools.ports import Clock
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.rows import Awaited, Parked
from tools.ssh.snapshot import pack

PLENTY = Cents(9_000_000)
NEVER_UP = 1e9
"""Seconds that a pod deploys: none comes up while anybody looks."""

PAYMENTS = {
    Awaited.HUMAN: Payment(approval_minutes=1440),
    Awaited.PAYMENT: Payment(rails=(Rail.STRIPE,)),
    Awaited.DEPLOY: Payment(auto_pay=Cents(500), auto_pay_per_day=PLENTY),
}
"""What a run is parked for, by how it is to be paid."""


def policy(awaited: Awaited, per_second: int = 5) -> Policy:
    """Room for every run there is."""
    caps = Budget(per_day=PLENTY, per_month=PLENTY, max_open_pods=1_000_000)
    network = Network(max_requests_per_second=per_second)
    return Policy(budget=caps, payment=PAYMENTS[awaited], network=network, time=Time(deploy_minutes=1000))


@dataclass
class Provider(FakeMarket):
    """The market under the client's own limit on requests; an order has the number of the run that wants it.

    Attributes:
        taken: cents of credits, those of cloned runs too.
        wanted_by: the number of the run that is driven.
        first_seen: order id → when it was first looked at (monotonic).
    """

    limiter: Limiter | None = None
    taken: int = 0
    wanted_by: str = ""
    first_seen: dict[str, float] = field(default_factory=dict)

    @property
    def spent(self) -> Cents:
        return Cents(self.taken)

    async def order(self, order_id: str) -> OrderView:
        await self._turn(order_id)
        self.first_seen.setdefault(order_id, self.clock.monotonic())
        return await super().order(order_id)

    async def gpus(self) -> tuple[Listing, ...]:
        await self._turn()
        return await super().gpus()

    async def balance(self) -> Balance:
        await self._turn()
        return await super().balance()

    async def rent_with_credits(self, gpu_id: str, hours: int) -> Answer:
        if self.limiter is not None:
            self.limiter.count()
        answer = await super().rent_with_credits(gpu_id, hours)
        self.taken += self.debits[-1].cents
        return answer

    def know(self, order_id: str, status: str) -> None:
        """An order of an earlier process."""
        rail = Rail.STRIPE if status == "reserved" else Rail.CREDITS
        order = FakeOrder(order_id, LISTINGS[1], 2, rail, status, link_dies_at=NEVER_UP)
        self.orders[order_id] = order

    async def _turn(self, order_id: str | None = None) -> None:
        if self.limiter is not None:
            await self.limiter.turn(order_id)

    def _new_order(self, gpu_id: str, hours: int, rail: Rail) -> FakeOrder | None:
        offered = self._find(gpu_id)
        assert offered is not None
        order_id = f"HOG-{self.wanted_by or 8_000_000 + len(self.orders)}"
        return self.orders.setdefault(order_id, FakeOrder(order_id, offered, hours, rail, "reserved", None, NEVER_UP))


@dataclass(frozen=True, slots=True)
class Watched(Driver):
    """Remembers when each leg began."""

    began: list[tuple[str, Cause | None, datetime]] = field(default_factory=list)

    async def leg(self, run_id: str, cause: Cause | None) -> Parked | None:
        self.began.append((run_id, cause, self.parts.clock.now()))
        return await Driver.leg(self, run_id, cause)


@dataclass(frozen=True, slots=True)
class Payer:
    """Everything open."""

    herd: Herd
    driver: Watched
    market: Provider
    saver: AsyncSqliteSaver


@asynccontextmanager
async def opened(home: Home, rules: Policy, limiter: Limiter | None = None) -> AsyncIterator[Payer]:
    """One process of the payer's."""
    home.path.mkdir(parents=True, exist_ok=True)
    file = PolicyFile.at(home.path / "policy.toml")
    place = Place(home, "https://gpuhog.test/api", SecretStr("key"), rules, file, None, None, is_sandbox=False)
    clock: Clock = SystemClock()
    market = Provider(clock, purchased=PLENTY, deploy_seconds=NEVER_UP, limiter=limiter)
    pods = FakePods(clock, lambda _access: False)
    with closing(SqliteSpendLog.open(home.spend_log)) as log:
        async with checkpoints(home.checkpoints, None) as saver:
            assert isinstance(saver, AsyncSqliteSaver)
            parts = parts_of(place, log, market, pods)
            driver = Watched(parts, build_graph(saver))
            yield Payer(Herd(parts, driver, pack), driver, market, saver)


def recall(home: Home, market: Provider) -> None:
    """The provider as an earlier process left it."""
    with closing(sqlite3.connect(home.spend_log)) as db:
        for order_id, status in db.execute("SELECT order_id, status FROM orders WHERE gone_at IS NULL"):
            market.know(order_id, status)
        (market.taken,) = db.execute("SELECT coalesce(sum(cents), 0) FROM debits").fetchone()
