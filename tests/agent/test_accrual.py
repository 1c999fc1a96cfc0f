"""Money by the hour: storage of a stopped pod and a pod that outlives its paid hours, counted until proven gone."""

from dataclasses import replace

import pytest

from policies.charge import ChargeState
from tests.agent.conftest import MakeWorld
from tests.agent.world import AUTO, CHECKOUT, PRICE, World
from tests.fakes.faults import Unreachable
from tools.spend_log.rows import Charge, Kind, OrderRow

HOUR = 3600
RATE = 49
"""Cents an hour: an RTX 4090."""


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Without the pod's own timer, which would not let it overrun."""
    return make_world(replace(AUTO, network=replace(AUTO.network, deadman=False)))


async def not_proven_gone(world: World) -> OrderRow:
    """A run has ended, and its pod has not; from now on the provider listens again."""
    world.market.fail("terminate", *[Unreachable()] * 1000)
    run = await world.run()
    assert run.code == 5
    world.market.faults["terminate"].clear()
    (order,) = world.log.orders(run.run_id, open_only=True)
    return order


def accrued(world: World, kind: Kind) -> list[tuple[ChargeState, int]]:
    return [(charge.state, charge.amount) for charge in world.log.charges() if charge.kind is kind]


async def look(world: World, order: OrderRow, hours_from_start: float) -> None:
    world.clock.advance(hours_from_start * HOUR - world.clock.monotonic())
    known = world.log.order(order.order_id)
    assert known is not None
    await world.parts.look(known)


async def test_a_pod_within_its_paid_hours_accrues_nothing(world: World) -> None:
    """Two hours were paid for."""
    order = await not_proven_gone(world)
    await look(world, order, 1.9)
    assert accrued(world, Kind.OVERRUN) == []


async def test_an_overrunning_pod_is_counted_by_the_hour_begun(world: World) -> None:
    """At its GPU's price, beyond the caps, from the end of the paid hours on; looking twice counts once."""
    order = await not_proven_gone(world)
    await look(world, order, 2.1)
    await look(world, order, 2.2)
    assert accrued(world, Kind.OVERRUN) == [(ChargeState.ACCRUING, RATE)]
    await look(world, order, 4.5)
    assert accrued(world, Kind.OVERRUN) == [(ChargeState.ACCRUING, 3 * RATE)]
    assert world.log.totals().spent == PRICE + 3 * RATE
    assert world.log.usage("x", world.clock.now()).day == PRICE + 3 * RATE


async def test_it_is_final_when_the_pod_is_proven_gone(world: World) -> None:
    """With the hours begun by then, and it never changes again."""
    order = await not_proven_gone(world)
    await look(world, order, 2.1)
    world.market.orders[order.order_id].status = "terminated"
    await look(world, order, 3.1)
    assert accrued(world, Kind.OVERRUN) == [(ChargeState.PAID, 2 * RATE)]
    await look(world, order, 9)
    assert accrued(world, Kind.OVERRUN) == [(ChargeState.PAID, 2 * RATE)]


async def test_a_pod_that_can_not_be_looked_at_accrues_nothing_more(world: World) -> None:
    """Only its own word that it is there counts an hour."""
    order = await not_proven_gone(world)
    await look(world, order, 2.1)
    world.clock.advance(10 * HOUR)
    assert accrued(world, Kind.OVERRUN) == [(ChargeState.ACCRUING, RATE)]


async def test_a_pod_that_somebody_stopped_costs_storage(world: World) -> None:
    """Whoever stopped it: its overrun is over, its storage is booked ahead."""
    order = await not_proven_gone(world)
    await look(world, order, 2.1)
    world.market.orders[order.order_id].status = "stopped"
    await look(world, order, 2.2)
    assert accrued(world, Kind.OVERRUN) == [(ChargeState.PAID, RATE)]
    (state, amount) = accrued(world, Kind.STORAGE)[0]
    assert state is ChargeState.ACCRUING
    assert amount >= world.parts.policy.time.uncollected_hours * 5


async def test_storage_beyond_what_was_booked_ahead_is_counted_on(world: World) -> None:
    """A pod that is kept longer than `uncollected_hours` costs more than was booked."""
    order = await not_proven_gone(world)
    world.market.orders[order.order_id].status = "stopped"
    await look(world, order, 1)
    ahead = storage(world).amount
    await look(world, order, 200)
    assert storage(world).amount > ahead
    assert storage(world).amount >= 199 * 5


async def test_what_was_booked_ahead_and_not_used_is_given_back(world: World) -> None:
    """Every hour begun, and no more."""
    order = await not_proven_gone(world)
    world.market.orders[order.order_id].status = "stopped"
    await look(world, order, 1)
    world.market.orders[order.order_id].status = "terminated"
    await look(world, order, 5)
    assert storage(world).created_at == order.paid_from
    assert accrued(world, Kind.STORAGE) == [(ChargeState.PAID, 5 * 5)]


async def test_a_link_that_nobody_paid_costs_nothing(make_world: MakeWorld) -> None:
    """Whatever its order says, and however long."""
    world = make_world(CHECKOUT)
    run_id = world.submit()
    assert (await world.drive(run_id, wait=False)).code == 4
    (order,) = world.log.orders(run_id)
    for status in ("running", "stopped", "terminated"):
        world.market.orders[order.order_id].status = status
        await look(world, order, 30)
    assert [charge.kind for charge in world.log.charges()] == [Kind.RENT]


def storage(world: World) -> Charge:
    (charge,) = [one for one in world.log.charges() if one.kind is Kind.STORAGE]
    return charge
