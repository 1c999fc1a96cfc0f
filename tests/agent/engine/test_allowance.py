"""The provider's limit is shared by looks and by what runs ask themselves, and those wait for no look."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from agent.engine.allowance import MOST_OWED_SECONDS, Allowance
from policies.answers import Balance
from policies.offer import Listing, Rail
from policies.order import OrderView
from tests.agent.engine.crews import until, working
from tests.agent.watched import RoadMarket
from tests.agent.world import World
from tests.fakes.clock import FakeClock
from tests.fakes.market import LISTINGS, FakeOrder
from tests.tools.spend_log.things import an_order
from tools.gpuhog.limiter import Limiter
from tools.spend_log.rows import Awaited, Parked

LIMIT = 5
WAITING = 40


@dataclass
class Limited(RoadMarket):
    """Under the client's own limit on requests: first come, first served."""

    def __post_init__(self) -> None:
        self.limiter = Limiter(self.clock, LIMIT)
        self.seen: dict[str, float] = {}

    async def order(self, order_id: str) -> OrderView:
        await self.limiter.turn(order_id)
        self.seen.setdefault(order_id, self.clock.monotonic())
        return await super().order(order_id)

    async def gpus(self) -> tuple[Listing, ...]:
        await self.limiter.turn()
        return await super().gpus()

    async def balance(self) -> Balance:
        await self.limiter.turn()
        return await super().balance()


@pytest.fixture
def market(world: World) -> Limited:
    """The world's own from now on; so many pods deploy there, for ever."""
    market = Limited(world.clock, deploy_seconds=1e6)
    budget = replace(world.parts.policy.budget, max_open_pods=1000)
    world.change(market=market, policy=replace(world.parts.policy, budget=budget))
    now = world.clock.now()
    for number in range(WAITING):
        run_id, order_id = world.submit(), f"HOG-{0xF000 + number:012x}"
        market.orders[order_id] = FakeOrder(order_id, LISTINGS[1], 2, Rail.CREDITS, "deploying")
        world.log.add_order(an_order(order_id, run_id))
        parked_at, deadline = now - timedelta(minutes=1), now + timedelta(hours=1)
        at = f"at-{run_id}"
        world.log.park(Parked(run_id, Awaited.DEPLOY, order_id, "deploying", at, parked_at, deadline, now, 0))
    return market


async def test_every_order_is_seen_in_its_turn(world: World, market: Limited) -> None:
    """So many of them take so many requests, and no order is looked at twice before all were looked at once."""
    async with working(world):
        await until(world, lambda: len(market.seen) == WAITING, seconds=1.1 * WAITING / LIMIT + 1)
        assert market.calls.count("order") <= WAITING + LIMIT


async def test_what_a_run_asks_itself_waits_for_no_look(world: World, market: Limited) -> None:
    """New runs buy within seconds, though looks would use all that is allowed."""
    took = []
    async with working(world):
        await world.clock.sleep(10)
        for number in range(1, 5):
            began, run_id = world.clock.monotonic(), world.submit()
            await until(world, lambda count=number: market.calls.count("rent_with_credits") == count)  # type: ignore[misc]
            took.append(world.clock.monotonic() - began)
            assert world.log.charges(run_id)
    assert max(took) < 9, took


async def test_a_new_run_begins_while_looks_are_overdue(world: World, market: Limited) -> None:
    """Looks alone would use all that is allowed, again and again."""
    async with working(world):
        await world.clock.sleep(2)
        run_id = world.submit()
        await until(world, lambda: world.parts.run(run_id).started_at, seconds=3)
        assert len(market.seen) < WAITING


def test_what_is_owed_is_bounded() -> None:
    """Looks wait for what runs need, but not for ever."""
    clock = FakeClock()
    allowance = Allowance(clock, LIMIT)
    for _ in range(1000):
        allowance.need()
    clock.advance(MOST_OWED_SECONDS)
    assert not allowance.take()
    clock.advance(1.5 / LIMIT)
    assert allowance.take()


def test_needs_come_out_of_what_looks_may_use() -> None:
    """Three at once: three looks fewer."""
    clock = FakeClock()
    allowance = Allowance(clock, LIMIT)
    clock.advance(60)
    for _ in range(3):
        allowance.need()
    assert [allowance.take() for _ in range(3)] == [True, True, False]
