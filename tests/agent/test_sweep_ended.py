"""What ended runs left: a sweep ends it, results first, and looks for a week whether it is gone indeed (law 7)."""

from datetime import timedelta

import pytest

from agent.accrual import storage_of
from agent.herd import Herd
from agent.leftovers import left_running
from agent.second_look import look_again
from policies.charge import ChargeState
from tests.agent.test_sweep import DAY, die, outputs, sweep
from tests.agent.world import AUTO, World
from tests.fakes.faults import Fault, Garble, Refuse
from tools.ssh.snapshot import pack

pytestmark = pytest.mark.timeout(60)


async def test_a_terminate_that_never_works_goes_on_in_every_sweep(world: World) -> None:
    """Each asks again and says so with exit 5; the one that succeeds ends it."""
    world.market.fail("terminate", *[Refuse(500)] * 1000)
    run = await world.run()
    assert run.code == 5
    asked = world.calls.count("terminate")
    swept = await sweep(world)
    assert [(item.run_id, item.alarming) for item in swept.left] == [(run.run_id, True)]
    assert swept.code == 5
    assert world.calls.count("terminate") == asked + AUTO.recovery.terminate_alarm_tries
    world.market.faults.clear()
    swept = await sweep(world)
    assert [item.action for item in swept.swept] == ["ended"]
    assert swept.code == 0
    world.check()


async def test_a_pod_that_would_not_end_is_collected_first(world: World) -> None:
    """Outputs that could not be fetched are tried once more before it is ended."""
    world.pods.no_timer = "no curl"
    world.pods.failing["fetch"] = 1_000_000
    world.market.fail("terminate", *[Refuse(500)] * 1000)
    run = await world.run()
    assert run.code == 5
    world.pods.failing.clear()
    world.market.faults.clear()
    swept = await sweep(world)
    assert [item.action for item in swept.swept] == ["collected and ended"]
    assert outputs(world, run.run_id) == ["metrics.json"]
    assert world.pods_left == []


async def kept(world: World) -> str:
    """A run whose outputs could not be fetched, so that its pod was stopped."""
    world.pods.on_volume = True
    world.pods.failing["fetch"] = 1_000_000
    run = await world.run()
    assert [order.status for order in world.log.orders(open_only=True)] == ["stopped"]
    world.pods.failing.clear()
    return run.run_id


async def test_a_kept_pod_is_left_until_its_time_is_over(world: World) -> None:
    """A minute before, it is named and left, with exit 0; afterwards it is ended."""
    run_id = await kept(world)
    hours = AUTO.time.uncollected_hours
    world.clock.advance(timedelta(hours=hours, minutes=-1).total_seconds())
    swept = await sweep(world)
    assert [(item.run_id, item.alarming) for item in swept.left] == [(run_id, False)]
    assert (swept.swept, swept.code) == ((), 0)
    world.clock.advance(120)
    assert [item.action for item in (await sweep(world)).swept] == ["ended"]
    assert world.pods_left == []


async def test_a_kept_pod_that_runs_again_is_collected(world: World) -> None:
    """Somebody has started it at the provider."""
    run_id = await kept(world)
    (order,) = world.market.orders.values()
    order.status = "running"
    swept = await sweep(world)
    assert [item.action for item in swept.swept] == ["collected and ended"]
    assert outputs(world, run_id) == ["metrics.json"]
    assert world.pods_left == []


async def test_a_kept_pod_that_lives_again_after_its_end_is_not_kept_anew(world: World) -> None:
    """Its time was over: it is ended by the next sweep, not after as long a time again."""
    world.pods.on_volume = True
    world.pods.failing["fetch"] = 1_000_000
    run = await world.run()
    world.clock.advance(timedelta(hours=AUTO.time.uncollected_hours, minutes=1).total_seconds())
    await sweep(world)
    (order,) = world.market.orders.values()
    assert order.status == "terminated"
    order.status = "stopped"
    world.clock.advance(DAY)
    for _ in range(2):
        await sweep(world)
    assert order.status == "terminated"
    assert left_running(world.parts) == []
    assert run.code == 5


async def test_a_stopped_pod_with_nothing_on_it_is_ended(world: World) -> None:
    """What was collected is here: keeping it would only cost."""
    world.market.fail("terminate", *[Refuse(500)] * 1000)
    await world.run()
    world.market.faults.clear()
    (order,) = world.market.orders.values()
    order.status = "stopped"
    await world.parts.look(world.log.orders(open_only=True)[0])
    assert storage_of(world.parts, world.log.orders()[0]) is not None
    assert [item.action for item in (await sweep(world)).swept] == ["ended"]
    assert world.pods_left == []


# second looks


async def lied_to(world: World) -> str:
    """A run whose pod said that it was gone, and lives on."""
    run = await world.run()
    (order,) = world.market.orders.values()
    order.status = "running"
    return run.run_id


@pytest.mark.parametrize("days", [1 / 24, 6.9])
async def test_a_pod_that_lives_again_is_ended_again(world: World, days: float) -> None:
    """For a week after it said it was gone; a human is told."""
    run_id = await lied_to(world)
    world.clock.advance(days * DAY)
    swept = await sweep(world)
    assert [(item.run_id, item.action, item.alarming) for item in swept.swept] == [(run_id, "ended again", True)]
    assert any(line.startswith("WARNING") for line in world.face.lines)
    assert swept.code == 0
    assert world.pods_left == []


async def test_a_pod_that_lives_again_and_does_not_end(world: World) -> None:
    """Asked with back-off, told with exit 5, and gone on with by the next sweep as any pod that is left."""
    run_id = await lied_to(world)
    world.clock.advance(3600)
    world.market.fail("terminate", *[Refuse(500)] * 1000)
    swept = await sweep(world)
    assert {(item.run_id, item.alarming) for item in swept.left} == {(run_id, True)}
    assert swept.code == 5
    assert [order.run_id for order in left_running(world.parts)] == [run_id]
    world.market.faults.clear()
    assert [item.action for item in (await sweep(world)).swept] == ["ended"]
    world.check()


async def test_after_a_week_it_is_believed(world: World) -> None:
    """And before, not more than once an hour."""
    await world.run()
    world.clock.advance(3599)
    looks = world.calls.count("order")
    await sweep(world)
    assert world.calls.count("order") == looks
    world.clock.advance(1)
    await sweep(world)
    await sweep(world)
    assert world.calls.count("order") == looks + 1
    world.clock.advance(7 * DAY)
    await sweep(world)
    assert world.calls.count("order") == looks + 1


@pytest.mark.parametrize("fault", [Garble(), Refuse(500)], ids=["garbled", "500"])
async def test_an_answer_that_says_nothing_is_no_second_look(world: World, fault: Fault) -> None:
    """The next sweep looks at once, not in an hour."""
    run_id = await lied_to(world)
    world.clock.advance(DAY)
    world.market.fail("order", fault)
    assert (await sweep(world)).swept == ()
    assert [item.run_id for item in (await sweep(world)).swept] == [run_id]
    assert world.pods_left == []


async def test_an_order_that_the_provider_forgot_is_gone(world: World) -> None:
    """404 is a fine end."""
    await world.run()
    world.market.orders.clear()
    world.clock.advance(3600)
    swept = await sweep(world)
    assert (swept.swept, swept.left, swept.code) == ((), (), 0)


async def test_a_start_looks_at_a_few_and_the_next_one_at_others(world: World) -> None:
    """So that a command that was asked for something else is not kept waiting."""
    for _ in range(3):
        await world.run()
    world.clock.advance(3600)
    looks = world.calls.count("order")
    await look_again(world.parts, most=2)
    assert world.calls.count("order") == looks + 2
    await look_again(world.parts, most=2)
    await look_again(world.parts, most=2)
    assert world.calls.count("order") == looks + 3


async def test_every_start_settles_the_money(world: World) -> None:
    """What dead processes left, and an order that lives again, whichever command comes next."""
    await lied_to(world)
    abandoned = world.submit()
    world.market.before_spending = die
    assert await world.killed(abandoned)
    world.clock.advance(3600)
    await Herd(world.parts, world.driver(), pack).settle_money()
    assert world.charge(abandoned).state is not ChargeState.SUBMITTING
    assert world.pods_left == []


# money


async def test_money_in_doubt_is_exit_7(world: World) -> None:
    """The charge is named as long as nobody has settled it; a week after it proved taken it alarms no more."""
    run_id = world.submit()
    world.market.after_spending = die
    assert await world.killed(run_id)
    world.market.fail("balance", *[Refuse(500)] * 100)
    swept = await sweep(world)
    assert world.charge(run_id).state is ChargeState.IN_DOUBT
    assert (swept.code, [item.alarming for item in swept.left]) == (7, [False, True])
    assert "swineherd settle" in swept.left[1].reason
    world.market.faults.clear()
    assert (await sweep(world)).code == 7
    assert world.charge(run_id).state is ChargeState.ORPHANED
    world.clock.advance(7 * DAY)
    assert (await sweep(world)).code == 0
