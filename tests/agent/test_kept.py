"""Outputs that can't be fetched: a pod with a volume is stopped, not ended, and ended when its time is over (law 8)."""

from datetime import timedelta

import pytest

from agent.kept import kept_pods
from agent.leftovers import end_left_running, left_running
from policies.charge import ChargeState
from tests.agent.world import AUTO, PRICE, World
from tools.spend_log.rows import Charge, Kind, Run

BOOKED = 5 * AUTO.time.uncollected_hours


@pytest.fixture
async def kept(world: World) -> Run:
    """A run whose outputs could never be fetched from a pod with a volume."""
    world.pods.on_volume = True
    world.pods.failing["fetch"] = 1_000_000
    return await world.run()


def storage(world: World) -> Charge:
    """The one storage charge."""
    (charge,) = [charge for charge in world.log.charges() if charge.kind is Kind.STORAGE]
    return charge


async def test_the_pod_is_stopped_and_a_human_told(world: World, kept: Run) -> None:
    """Nothing is deleted; the run fails with 5 and says where the outputs are."""
    assert kept.code == 5
    assert "volume" in kept.reason
    assert world.calls.count("stop") == 1
    assert "terminate" not in world.calls
    assert [order.status for order in world.log.orders(open_only=True)] == ["stopped"]


async def test_storage_is_booked_ahead(world: World, kept: Run) -> None:
    """All its hours count as spent from the moment it is stopped, beyond the run's own cap if need be."""
    charge = storage(world)
    assert (charge.state, charge.amount) == (ChargeState.ACCRUING, BOOKED)
    assert world.log.totals().spent == PRICE + BOOKED


async def test_it_is_left_in_peace_until_its_time_is_over(world: World, kept: Run) -> None:
    """A stopped pod is no pod left running; a minute before its end it is still there."""
    world.clock.advance(timedelta(hours=AUTO.time.uncollected_hours, minutes=-1).total_seconds())
    assert left_running(world.parts) == []
    assert await end_left_running(world.parts) == []
    assert "terminate" not in world.calls


async def test_then_it_is_ended_and_the_real_cost_booked(world: World, kept: Run) -> None:
    """Once `uncollected_hours` are over it is ended; every hour begun is paid for."""
    world.clock.advance(timedelta(hours=AUTO.time.uncollected_hours, minutes=30).total_seconds())
    assert await end_left_running(world.parts) == []
    assert world.log.orders(open_only=True) == []
    charge = storage(world)
    assert (charge.state, charge.amount) == (ChargeState.PAID, BOOKED + 5)


async def test_what_belongs_into_another_home_is_left_to_it(world: World, kept: Run) -> None:
    """Its outputs would land where nobody looks for them; but its pod is nobody's once its time is over."""
    world.log.adopt([kept.run_id], "home-a", world.clock.now())
    world.change(home_id="home-a")
    assert len(kept_pods(world.parts)) == 1
    world.change(home_id="home-b")
    assert kept_pods(world.parts) == []
    world.clock.advance(timedelta(hours=AUTO.time.uncollected_hours, minutes=1).total_seconds())
    assert len(kept_pods(world.parts)) == 1


async def test_without_a_volume_the_pod_is_ended(world: World) -> None:
    """What can't be kept costs no more."""
    world.pods.failing["fetch"] = 1_000_000
    assert (await world.run()).code == 5
    assert "stop" not in world.calls
    assert world.log.orders(open_only=True) == []


async def test_a_pod_that_is_gone_is_not_kept(world: World) -> None:
    """The provider ended it before it could be stopped: no storage is paid, and the run does not hang on it."""
    world.pods.on_volume = True
    world.pods.failing["fetch"] = 1_000_000

    async def vanish(order_id: str) -> str:
        world.calls.append("stop")
        return world.market._terminate(world.market.orders[order_id])

    world.market.stop = vanish  # type: ignore[method-assign]
    assert (await world.run()).code == 5
    assert (storage(world).state, storage(world).amount) == (ChargeState.PAID, 0)
    assert world.calls.count("stop") == 1
