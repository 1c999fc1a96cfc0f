"""The watcher: looks that become rarer, runs woken on change, deadline or cancel, nothing kept in memory."""

import asyncio

import pytest

from agent.errors import LeaseHeld
from agent.watcher import Watcher
from policies.policy import Policy
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, AUTO, CHECKOUT, World
from tests.fakes.faults import Unreachable
from tools.spend_log.rows import Awaited, Decision, Parked


async def parked(world: World, run_id: str) -> Parked:
    """Drive a run to its first parking place and no further."""
    row = await world.driver().leg(run_id, None)
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("policy", "awaited"), [(ASK, Awaited.HUMAN), (CHECKOUT, Awaited.PAYMENT), (AUTO, Awaited.DEPLOY)]
)
async def test_a_parked_run_keeps_nothing_in_memory(make_world: MakeWorld, policy: Policy, awaited: Awaited) -> None:
    """No task sleeps in the graph: what is awaited and until when lies in the spend log alone."""
    world = make_world(policy)
    before = asyncio.all_tasks()
    row = await parked(world, world.submit())
    assert row.awaited is awaited
    assert asyncio.all_tasks() == before
    assert world.log.parked() == [row]
    assert row.next_look <= row.until


async def test_a_long_deploy_is_asked_about_now_and_then(world: World) -> None:
    """Ten minutes of deploying: soon at first, then rarer, and no more than some sixty requests in all."""
    world.market.deploy_seconds = 600
    run = await world.run()
    assert run.code == 0
    deploy = world.calls[: world.calls.index("connect")]
    assert deploy.count("order") <= 60
    assert world.clock.monotonic() < 600 + 16 + 70


async def test_a_short_deploy_is_noticed_soon(world: World) -> None:
    """Three seconds of deploying cost no more than another two of waiting."""
    world.market.deploy_seconds = 3
    started: list[float] = []
    world.log.entering = lambda step: started.append(world.clock.monotonic()) if step == "run_job" else None
    await world.run()
    assert started[0] < 5


async def test_a_human_is_heeded_within_a_second(make_world: MakeWorld) -> None:
    """A decision costs the provider no request and wakes the run at once."""
    world = make_world(ASK)
    run_id = world.submit()
    world.approve_at(100, run_id)
    bought: list[float] = []
    world.market.before_spending = lambda: bought.append(world.clock.monotonic())
    await world.drive(run_id)
    assert 100 <= bought[0] <= 101


async def test_waiting_for_a_human_asks_the_provider_nothing(make_world: MakeWorld) -> None:
    """Two minutes of thought, no request."""
    world = make_world(ASK)
    run_id = world.submit()
    await parked(world, run_id)
    before = list(world.calls)
    world.clock.at(120, lambda: world.decide(run_id, Decision.DENIED))
    await Watcher(world.parts).wait([run_id])
    assert world.calls == before


async def test_a_payment_is_looked_for_at_most_every_ten_seconds(make_world: MakeWorld) -> None:
    """After the first minute."""
    world = make_world(CHECKOUT)
    run_id = world.submit()
    await parked(world, run_id)
    world.clock.at(60, world.calls.clear)
    world.pay_at(360)
    woken = await Watcher(world.parts).wait([run_id])
    assert woken.cause == "changed"
    assert world.calls.count("order") <= 31
    assert 360 <= world.clock.monotonic() <= 371


async def test_a_change_wakes(world: World) -> None:
    """Another status of the order."""
    run_id = world.submit()
    await parked(world, run_id)
    woken = await Watcher(world.parts).wait([run_id])
    assert (woken.run_id, woken.cause) == (run_id, "changed")
    assert 60 <= world.clock.monotonic() <= 76


async def test_a_deadline_wakes(world: World) -> None:
    """The order never changes: woken when `deploy_minutes` are over, not before."""
    world.market.deploy_seconds = 1_000_000
    run_id = world.submit()
    row = await parked(world, run_id)
    woken = await Watcher(world.parts).wait([run_id])
    assert woken.cause == "deadline"
    assert 0 <= (world.clock.now() - row.until).total_seconds() <= 1


@pytest.mark.parametrize("policy", [ASK, CHECKOUT, AUTO], ids=["human", "payment", "deploy"])
async def test_a_cancel_wakes(make_world: MakeWorld, policy: Policy) -> None:
    """Within a second, whatever is awaited."""
    world = make_world(policy)
    run_id = world.submit()
    await parked(world, run_id)
    world.clock.at(10, lambda: world.cancel(run_id))
    woken = await Watcher(world.parts).wait([run_id])
    assert woken.cause == "cancelled"
    assert 10 <= world.clock.monotonic() <= 11


async def test_a_provider_in_trouble_wakes_nobody(world: World) -> None:
    """Looks without an answer change nothing."""
    run_id = world.submit()
    await parked(world, run_id)
    world.market.fail("order", *[Unreachable()] * 4)
    woken = await Watcher(world.parts).wait([run_id])
    assert woken.cause == "changed"
    assert world.clock.monotonic() >= 60


async def test_many_runs_are_watched_by_one(make_world: MakeWorld) -> None:
    """The one that changes first is woken; the others stay parked."""
    world = make_world(ASK)
    runs = [world.submit() for _ in range(5)]
    for run_id in runs:
        await parked(world, run_id)
    world.approve_at(30, runs[3])
    woken = await Watcher(world.parts).wait(runs)
    assert woken.run_id == runs[3]
    assert len(world.log.parked()) == 5


async def test_there_is_nothing_to_watch(world: World) -> None:
    """A run that is not parked any more was woken by another process: waiting for it would be for ever."""
    with pytest.raises(LeaseHeld, match="another process"):
        await Watcher(world.parts).wait([world.submit()])


async def test_a_status_nobody_knows_is_waited_out(world: World) -> None:
    """An unknown status with an address already is neither running nor a reason to look without end."""
    world.market.addresses_early = True
    run_id = world.submit()
    await parked(world, run_id)
    world.market.orders["HOG-000000000001"].status = "provisioning"
    await world.drive(run_id)
    assert world.parts.run(run_id).code == 0
    assert world.calls[: world.calls.index("connect")].count("order") <= 30


async def test_a_clock_that_was_set_back_blinds_nobody(make_world: MakeWorld) -> None:
    """The next look was noted by a clock half an hour ahead; the paid link is seen all the same."""
    world = make_world(CHECKOUT)
    run_id = world.submit()
    world.clock.advance(1900)
    row = await parked(world, run_id)
    world.market.pay(row.what)
    world.clock.advance(-1860)
    world.restart()
    assert await Watcher(world.parts).look(row) == "changed"
