"""A sweep brings home what nobody drives, ends what nobody needs, and buys nothing (law 7)."""

import asyncio
from dataclasses import replace

import pytest

from agent.checkout import request_link
from agent.parts import LEASE_SECONDS
from agent.purchase import NotReserved, buy
from agent.sweep import Sweep, Swept
from policies.money import Cents
from policies.policy import Policy
from policies.sweeping import ABANDONED_FOR, NEVER_STARTED_FOR
from tests.agent.conftest import MakeWorld
from tests.agent.watched import Killed
from tests.agent.world import AUTO, CHECKOUT, JOB, World
from tests.fakes.pods import Script
from tools.spend_log.port import Frozen
from tools.spend_log.rows import Holder, RunStatus

pytestmark = pytest.mark.timeout(60)

DAY = 24 * 3600
DEAD = Holder(boot_id="boot", pid=4711, started="9", host="here")
WIDE = replace(AUTO.budget, per_run=Cents(10_000), per_day=Cents(10_000), per_month=Cents(10_000))
LONG = "name: long\nrun: x\nhours: 60\noutputs: [metrics.json]\nresources: {accelerators: RTX3090}\n"


def die() -> None:
    """The process is gone in the middle of whatever it did."""
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
