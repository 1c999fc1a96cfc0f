"""What runs leave behind, and driving many at once: no link, pod or run is forgotten for another's sake."""

import asyncio
from dataclasses import replace

import pytest

from agent.herd import Herd
from policies.charge import ChargeState
from policies.policy import Policy
from tests.agent.conftest import MakeWorld
from tests.agent.world import AUTO, CHECKOUT, PRICE, World
from tests.fakes.pods import Script
from tools.spend_log.rows import RunStatus
from tools.ssh.snapshot import pack

DAY = 24 * 3600
ONE_POD = replace(CHECKOUT, budget=replace(CHECKOUT.budget, max_open_pods=1))

pytestmark = pytest.mark.timeout(60)


def herd_of(world: World) -> Herd:
    return Herd(world.parts, world.driver(), pack)


async def cancelled_with_a_link(make_world: MakeWorld, policy: Policy = CHECKOUT) -> tuple[World, str]:
    """A run that was cancelled while its link could be paid; another process is ready."""
    world = make_world(policy)
    run_id = world.submit()
    world.clock.at(20, lambda: world.cancel(run_id))
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    world.restart()
    return world, run_id


@pytest.mark.parametrize("meanwhile", [0, DAY], ids=["soon", "expired"])
async def test_a_link_paid_after_the_cancel(make_world: MakeWorld, meanwhile: float) -> None:
    """The late payment is booked by the next command that spends, and the pod it started is ended."""
    world, run_id = await cancelled_with_a_link(make_world)
    herd = herd_of(world)
    world.market.pay(world.charge(run_id).order_id)
    world.clock.advance(meanwhile)
    await herd.settle_links()
    assert world.charge(run_id).state is ChargeState.PAID
    assert world.log.totals().spent == PRICE
    assert [order.run_id for order in herd.left_running()] == [run_id]
    assert await herd.end_left_running() == []
    world.check()


async def test_two_commands_that_see_the_late_payment_at_once(make_world: MakeWorld) -> None:
    """It is booked once, and neither of them fails over it."""
    world, run_id = await cancelled_with_a_link(make_world)
    world.market.pay(world.charge(run_id).order_id)
    await asyncio.gather(herd_of(world).settle_links(), herd_of(world).settle_links())
    assert world.charge(run_id).state is ChargeState.PAID
    assert world.log.totals().spent == PRICE


async def test_a_link_that_nobody_paid_is_let_go_after_a_day(make_world: MakeWorld) -> None:
    """Until then its money is held and it takes a place; afterwards neither, at the first look, and it is no pod."""
    world, run_id = await cancelled_with_a_link(make_world, ONE_POD)
    herd = herd_of(world)
    world.clock.advance(DAY)
    await herd.settle_links()
    assert world.log.totals().held == PRICE
    assert (await world.run(wait=False)).code == 3
    world.clock.advance(3600)
    await herd.settle_links()
    assert world.charge(run_id).state is ChargeState.RELEASED
    assert world.log.totals().held == 0
    assert herd.left_running() == []
    assert (await world.run(wait=False)).code == 4
    assert world.calls.count("terminate") == 0


async def test_a_day_unseen_is_one_look(make_world: MakeWorld) -> None:
    """A link that nobody looked at since before its time was over is let go at once."""
    world, run_id = await cancelled_with_a_link(make_world)
    world.clock.advance(3 * DAY)
    await herd_of(world).settle_links()
    assert world.charge(run_id).state is ChargeState.RELEASED


async def test_a_link_whose_order_the_provider_forgot(make_world: MakeWorld) -> None:
    """404 for ever: the link expires by the clock, exit 4, and neither the provider nor the history is flooded."""
    world = make_world(CHECKOUT)
    run_id = world.submit()
    world.clock.at(1700, world.market.orders.clear)
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.WAITING_FOR_HUMAN, 4)
    assert world.charge(run_id).state is ChargeState.EXPIRED
    assert world.clock.monotonic() < 2400
    assert world.calls.count("order") < 300
    assert len(world.log.events(run_id, limit=10_000)) < 50


async def test_all_unfinished_runs_are_driven_at_once(world: World) -> None:
    """A long job does not keep the others' results on their pods: each ends in its own time."""
    short, long = world.submit(), world.submit()
    for run_id in (short, long):
        await world.driver().leg(run_id, None)
    world.restart()
    world.pods.script = Script(seconds=5000)
    runs = await herd_of(world).resume_all()
    assert [run.code for run in runs] == [0, 0]
    for order in world.log.orders():
        assert order.gone_at is not None
        assert (order.gone_at - order.created_at).total_seconds() < 5200
    world.check()


@pytest.mark.parametrize("broken_first", [True, False])
async def test_a_broken_run_does_not_stop_the_others(make_world: MakeWorld, broken_first: bool) -> None:
    """Its trouble is told; the others are driven to their end."""
    world = make_world(AUTO)
    runs = [world.submit(), world.submit()]
    for run_id in runs:
        await world.driver().leg(run_id, None)
    broken, well = runs if broken_first else reversed(runs)
    world.cancel(broken)
    world.home.run(broken).report.mkdir()
    resumed = await herd_of(world).resume_all()
    assert {run.run_id for run in resumed} == set(runs)
    assert world.parts.run(well).status is RunStatus.SUCCEEDED
    assert any(line.startswith(f"{broken} is left as it is") for line in world.face.lines)
    assert world.pods_left == []


async def test_driving_all_can_be_cancelled(world: World) -> None:
    """The runs stay as they are for a later resume, and no lease is left behind."""
    runs = [world.submit(), world.submit()]
    for run_id in runs:
        await world.driver().leg(run_id, None)
    driving = asyncio.create_task(herd_of(world).resume_all())
    world.clock.at(30, driving.cancel)
    with pytest.raises(asyncio.CancelledError):
        await driving
    assert [world.log.lease(run_id) for run_id in runs] == [None, None]
    assert [run.code for run in await herd_of(world).resume_all()] == [0, 0]
