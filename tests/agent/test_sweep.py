"""A sweep brings home what nobody drives, ends what nobody needs, and buys nothing (law 7)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.checkout import request_link
from agent.drive import LEASE_SECONDS
from agent.herd import Herd
from agent.leftovers import left_running
from agent.purchase import NotReserved, buy
from agent.second_look import look_again
from agent.sweep import Sweep, Swept
from policies.charge import ChargeState
from policies.money import Cents
from policies.policy import Policy
from policies.sweeping import ABANDONED_FOR, NEVER_STARTED_FOR
from tests.agent.conftest import MakeWorld
from tests.agent.watched import Killed
from tests.agent.world import AUTO, CHECKOUT, JOB, World
from tests.fakes.faults import Refuse
from tests.fakes.pods import Script
from tools.spend_log.port import Frozen
from tools.spend_log.rows import Holder, RunStatus
from tools.ssh.snapshot import pack

pytestmark = pytest.mark.timeout(60)

DAY = 24 * 3600
DEAD = Holder(boot_id="boot", pid=4711, started="9", host="here")
WIDE = replace(AUTO.budget, per_run=Cents(10_000), per_day=Cents(10_000), per_month=Cents(10_000))
LONG = "name: long\nrun: x\nhours: 60\noutputs: [metrics.json]\nresources: {accelerators: RTX3090}\n"


def die() -> None:
    raise Killed


async def sweep(world: World) -> Swept:
    """As one more process, on the same home."""
    return await Sweep(world.driver()).sweep()


async def killed(world: World, seconds: float, text: str = JOB, *, lease_is_left: bool = True) -> str:
    """A run whose process is gone so many seconds in, its lease left behind as by SIGKILL; another process is ready."""
    run_id = world.submit(text)
    driving = asyncio.create_task(world.drive(run_id))
    world.clock.at(seconds, driving.cancel)
    with pytest.raises(asyncio.CancelledError):
        await driving
    world.restart()
    if lease_is_left:
        world.log.take_lease(run_id, DEAD, world.clock.now(), LEASE_SECONDS, lambda _holder: True)
    return run_id


def outputs(world: World, run_id: str) -> list[str]:
    """What came home."""
    return sorted(path.name for path in (world.home.run(run_id).outputs).rglob("*") if path.is_file())


async def test_a_run_whose_job_has_ended_is_brought_home(world: World) -> None:
    """Its outputs are here, its pod is gone, and nothing was bought a second time."""
    run_id = await killed(world, 90)
    world.clock.advance(600)
    swept = await sweep(world)
    assert [(item.run_id, item.action) for item in swept.swept] == [(run_id, "brought home")]
    assert (swept.left, swept.code) == ((), 0)
    assert world.parts.run(run_id).code == 0
    assert outputs(world, run_id) == ["metrics.json"]
    assert world.purchases == ["rent_with_credits"]
    world.check()


async def test_a_job_that_runs_is_left_running(world: World) -> None:
    """With paid hours left; nothing on the pod is touched, and the dead driver's lease still tells since when."""
    world.pods.script = Script(seconds=5000)
    run_id = await killed(world, 90)
    lease = world.log.lease(run_id)
    swept = await sweep(world)
    assert [(item.run_id, item.order_id) for item in swept.left] == [(run_id, "HOG-…0001")]
    assert f"swineherd resume {run_id}" in swept.left[0].reason
    assert (swept.swept, swept.code) == ((), 0)
    assert not {"stop", "terminate", "stop_job", "fetch"} & set(world.calls)
    assert world.log.lease(run_id) == lease


async def test_near_the_end_of_the_paid_hours_it_is_stopped_and_collected(world: World) -> None:
    """Before the pod may vanish under it, or bill on."""
    world.pods.script = Script(seconds=100_000)
    run_id = await killed(world, 90)
    world.clock.advance(2 * 3600 - 11 * 60)
    assert [item.action for item in (await sweep(world)).swept] == ["brought home"]
    assert world.parts.run(run_id).status is RunStatus.FAILED
    assert outputs(world, run_id) == ["metrics.json"]
    assert world.purchases == ["rent_with_credits"]
    world.check()


async def test_a_driver_dead_for_a_day_is_not_waited_for(world: World) -> None:
    """Its job is stopped though hours are left, and what it wrote is brought home."""
    world.pods.script = Script(seconds=1_000_000)
    payment = replace(AUTO.payment, auto_pay=Cents(10_000), auto_pay_per_day=Cents(10_000))
    world.change(policy=replace(AUTO, time=replace(AUTO.time, max_hours=100), budget=WIDE, payment=payment))
    run_id = await killed(world, 90, LONG)
    world.clock.advance(ABANDONED_FOR.total_seconds())
    assert (await sweep(world)).swept == ()
    world.clock.advance(LEASE_SECONDS)
    swept = await sweep(world)
    assert [item.action for item in swept.swept] == ["brought home"]
    assert "sweep" in world.parts.run(run_id).reason
    assert outputs(world, run_id) == ["metrics.json"]
    world.check()


@pytest.mark.parametrize("seconds", [30, 62], ids=["deploying", "unreachable"])
async def test_a_pod_whose_job_was_never_started_is_ended(world: World, seconds: float) -> None:
    """Once nobody has driven the run for a while; until then it is left to a `resume`."""
    world.pods.unreachable = 1_000_000
    run_id = await killed(world, seconds)
    assert (await sweep(world)).swept == ()
    world.clock.advance(NEVER_STARTED_FOR.total_seconds() + 300)
    swept = await sweep(world)
    assert [item.action for item in swept.swept] == ["brought home"]
    assert world.parts.run(run_id).status is RunStatus.CANCELLED
    assert world.pods.starts == []
    assert world.purchases == ["rent_with_credits"]
    world.check()


async def test_a_pod_that_does_not_answer_is_left_until_near_its_end(world: World) -> None:
    """The job may well be running."""
    world.pods.script = Script(seconds=100_000)
    run_id = await killed(world, 90)
    world.pods.lost = True
    world.clock.advance(3600)
    assert [item.run_id for item in (await sweep(world)).left] == [run_id]
    assert world.pods_left != []
    world.clock.advance(3600 - 11 * 60)
    await sweep(world)
    world.check()


async def test_a_pod_that_is_down_rents_no_other(world: World) -> None:
    """Where `resume` would rent another pod, a sweep ends the run and says why."""
    run_id = await killed(world, 90)
    world.market.act_by_timer("terminate", next(iter(world.market.orders)))
    await sweep(world)
    run = world.parts.run(run_id)
    assert (run.status, run.code) == (RunStatus.FAILED, 5)
    assert "a sweep buys nothing" in run.reason
    assert world.purchases == ["rent_with_credits"]


@pytest.mark.parametrize("policy", [AUTO, CHECKOUT], ids=["credits", "checkout"])
async def test_the_last_line_of_defence(make_world: MakeWorld, policy: Policy) -> None:
    """Where parts spend nothing, the very functions that buy refuse, whatever led there."""
    world = make_world(policy)
    run_id = world.submit()
    await world.driver().leg(run_id, None)
    world.change(spends=False)
    offer = world.parts.attempt(run_id).offer
    before = list(world.purchases)
    assert isinstance(await buy(world.parts, offer, None), NotReserved)
    assert isinstance(await request_link(world.parts, offer), Frozen)
    assert world.purchases == before


async def test_a_run_driven_without_spending_ends(world: World) -> None:
    """The road asks nobody, offers nothing and ends."""
    run_id = world.submit()
    world.change(spends=False)
    run = await world.drive(run_id)
    assert (run.status, run.reason) == (RunStatus.REFUSED, "a sweep buys nothing")
    assert world.calls == []


async def test_a_run_that_waits_for_its_human_is_left(world: World) -> None:
    """With nothing rented it costs nothing, however long it waits."""
    run_id = world.submit()
    world.clock.advance(30 * DAY)
    swept = await sweep(world)
    assert [item.run_id for item in swept.left] == [run_id]
    assert (swept.swept, swept.code, world.purchases) == ((), 0, [])


async def test_a_living_driver_is_left_alone(world: World) -> None:
    """Even near the end of the paid hours, and its pod is not even looked at."""
    world.pods.script = Script(seconds=100_000)
    run_id = await killed(world, 90, lease_is_left=False)
    world.change(alive=lambda _holder: True)
    world.log.take_lease(run_id, replace(world.holder, pid=77), world.clock.now(), LEASE_SECONDS, world.parts.alive)
    world.clock.advance(2 * 3600)
    before = list(world.calls)
    swept = await sweep(world)
    assert [(item.run_id, item.reason) for item in swept.left] == [(run_id, "driven by process 77 on here")]
    assert world.calls[len(before) :] == ["balance"]


async def test_one_run_at_fault_stops_no_other(world: World) -> None:
    """It is told, with exit 5, and the others come home."""
    broken, well = world.submit(), world.submit()
    for run_id in (broken, well):
        await world.driver().leg(run_id, None)
    world.restart()
    world.home.run(broken).report.mkdir()
    world.clock.advance(3600)
    swept = await sweep(world)
    assert [item.run_id for item in swept.swept] == [well]
    assert [(item.run_id, item.alarming) for item in swept.left] == [(broken, True)]
    assert swept.code == 5
    assert world.pods_left == []


async def test_a_frozen_store_is_swept(world: World) -> None:
    """Freezing stops spending, never cleaning up (law 9)."""
    run_id = await killed(world, 90)
    world.log.freeze("by hand", world.clock.now())
    world.clock.advance(600)
    assert (await sweep(world)).code == 0
    assert world.parts.run(run_id).code == 0
    world.check()


# ended runs


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


async def test_a_stopped_pod_with_nothing_on_it_is_ended(world: World) -> None:
    """What was collected is here: keeping it would only cost."""
    world.market.fail("terminate", *[Refuse(500)] * 1000)
    await world.run()
    world.market.faults.clear()
    (order,) = world.market.orders.values()
    order.status = "stopped"
    assert [item.action for item in (await sweep(world)).swept] == ["ended"]
    world.check()


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


async def test_two_sweeps_at_once(world: World) -> None:
    """One of them brings the run home, the other leaves it to that one."""
    run_id = await killed(world, 90)
    world.clock.advance(600)
    other = replace(world.parts, holder=replace(world.holder, pid=500), alive=lambda _holder: True)
    first, second = Sweep(world.driver()), Sweep(replace(world.driver(), parts=other))
    swept = await asyncio.gather(first.sweep(), second.sweep())
    assert sorted(len(one.swept) for one in swept) == [0, 1]
    assert world.parts.run(run_id).code == 0
    assert world.purchases == ["rent_with_credits"]
    world.check()
