"""A worker from its start to its end, in virtual time: it drives whatever nobody drives, and nothing else."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from agent.approvals import fresh_offer
from agent.engine.crew import BEAT_SECONDS, executor_id
from agent.engine.legs import GRACE_SECONDS, Came
from agent.parts import LEASE_SECONDS
from policies.charge import ChargeState
from policies.money import Cents
from policies.offer import Rail
from policies.wish import Wish
from tests.agent.conftest import MakeWorld
from tests.agent.engine.crews import until, working
from tests.agent.engine.plain_queue import PlainQueue
from tests.agent.watched import Killed
from tests.agent.world import ASK, AUTO, CHECKOUT, World
from tests.fakes.pods import LOG, Script
from tools.errors import StoreBusy
from tools.spend_log.port import Recorded
from tools.spend_log.rows import ENDED, Awaited, Decision, Holder, RunStatus

FOREGROUND = Holder(boot_id="boot", pid=4711, started="9", host="here")


def ended(world: World, *run_ids: str) -> bool:
    return all(world.parts.run(run_id).status in ENDED for run_id in run_ids)


def succeeded(world: World, *run_ids: str) -> None:
    """Each came home, and was paid for once."""
    assert [world.parts.run(run_id).code for run_id in run_ids] == [0] * len(run_ids)
    assert world.purchases == ["rent_with_credits"] * len(run_ids)
    world.check()


async def test_a_queued_run_is_driven_to_its_end(world: World) -> None:
    """Submitted, and nobody drives: a worker does, within seconds."""
    run_id = world.submit()
    async with working(world):
        await until(world, lambda: world.parts.run(run_id).started_at, seconds=3)
        await until(world, lambda: ended(world, run_id))
    succeeded(world, run_id)
    assert world.home.run(run_id).log.read_bytes() == LOG


async def test_several_runs_at_once(world: World) -> None:
    """Each is paid once; credits are spent one purchase at a time."""
    run_ids = [world.submit() for _ in range(4)]
    async with working(world):
        await until(world, lambda: ended(world, *run_ids))
    succeeded(world, *run_ids)


async def test_an_approval_from_elsewhere_goes_on_at_once(make_world: MakeWorld) -> None:
    """Any face records it; the worker sees it within a second, having asked the provider nothing meanwhile."""
    world = make_world(ASK)
    run_id = world.submit()
    async with working(world):
        await until(world, lambda: world.parts.run(run_id).status is RunStatus.WAITING_FOR_HUMAN)
        before = list(world.calls)
        await world.clock.sleep(250)
        assert world.calls == before
        world.decide(run_id, Decision.APPROVED)
        await until(world, lambda: world.purchases, seconds=1.5)
        await until(world, lambda: ended(world, run_id))
    succeeded(world, run_id)


async def test_a_fresh_offer_is_made_at_once(make_world: MakeWorld) -> None:
    """Long after the last one expired; it is asked about, though by now it might be paid without."""
    world = make_world(ASK)
    run_id = world.submit()
    async with working(world):
        await until(world, lambda: "nobody answered" in world.parts.run(run_id).reason)
        await world.clock.sleep(7200)
        assert isinstance(fresh_offer(world.parts, run_id, f"{run_id}/1", by="me"), Recorded)
    world.change(policy=AUTO)
    async with working(world):
        await until(world, lambda: world.log.approval(run_id), seconds=2)
        assert world.purchases == []
        world.decide(run_id, Decision.APPROVED)
        await until(world, lambda: ended(world, run_id))
    succeeded(world, run_id)


async def test_another_offer_is_made_at_once(make_world: MakeWorld) -> None:
    """As soon as it is asked for, from elsewhere: the link is there to be paid, and the run goes on by itself."""
    world = make_world(ASK)
    run_id = world.submit()
    async with working(world):
        await until(world, lambda: world.log.parked(run_id))
        world.instead(run_id, Wish(Rail.STRIPE, None))
        await until(world, lambda: [one.awaited for one in world.log.parked(run_id)] == [Awaited.PAYMENT], seconds=2)
        world.pay_at(5)
        await until(world, lambda: ended(world, run_id))
    assert (world.parts.run(run_id).code, world.purchases) == (0, ["rent"])


async def test_a_no_ends_the_run(make_world: MakeWorld) -> None:
    """Denied (6), and nothing was bought."""
    world = make_world(ASK)
    run_id = world.submit()
    async with working(world):
        await until(world, lambda: world.log.parked(run_id))
        world.decide(run_id, Decision.DENIED)
        await until(world, lambda: ended(world, run_id), seconds=5)
    assert world.parts.run(run_id).status is RunStatus.DENIED
    assert world.purchases == []


async def test_a_question_that_nobody_answers(make_world: MakeWorld) -> None:
    """When its time is over the run waits for its human, and is not looked at any more."""
    world = make_world(replace(ASK, payment=replace(ASK.payment, approval_minutes=1)))
    run_id = world.submit()
    async with working(world) as worker:
        await until(world, lambda: "nobody answered" in world.parts.run(run_id).reason)
        asked = len(worker.queue.asked)
        await world.clock.sleep(200)
        assert len(worker.queue.asked) == asked
    assert world.parts.run(run_id).status is RunStatus.WAITING_FOR_HUMAN


async def test_a_paid_checkout_goes_on(make_world: MakeWorld) -> None:
    """The link is watched; paying it is the yes."""
    world = make_world(CHECKOUT)
    run_id = world.submit()
    async with working(world):
        await until(world, lambda: world.log.parked(run_id))
        world.pay_at(world.clock.monotonic() + 30)
        await until(world, lambda: ended(world, run_id))
    assert world.parts.run(run_id).code == 0
    assert world.charge(run_id).state is ChargeState.PAID


async def test_a_cancel_is_heeded_within_seconds(world: World) -> None:
    """Whatever face asked for it."""
    world.market.deploy_seconds = 600
    run_id = world.submit()
    async with working(world):
        await until(world, lambda: world.log.parked(run_id))
        await world.clock.sleep(100)
        world.cancel(run_id)
        await until(world, lambda: "terminate" in world.calls, seconds=3)
        await until(world, lambda: ended(world, run_id))
    assert world.parts.run(run_id).status is RunStatus.CANCELLED
    world.check()


async def test_a_run_in_the_foreground_is_left_alone(world: World) -> None:
    """As long as its process lives, however long nothing is heard of it; then the worker takes it over."""
    run_id = world.submit()
    alive = {FOREGROUND, world.holder}
    world.change(alive=lambda holder: holder in alive)
    world.log.take_lease(run_id, FOREGROUND, world.clock.now(), LEASE_SECONDS, lambda _: True)
    async with working(world) as worker:
        await world.clock.sleep(300)
        assert worker.queue.asked == []
        assert world.calls == ["balance"] * world.calls.count("balance")
        alive.remove(FOREGROUND)
        await until(world, lambda: ended(world, run_id))
    succeeded(world, run_id)


@pytest.mark.parametrize("step", ["pay", "poll", "run_job", "collect"])
async def test_a_killed_foreground_run_is_taken_over(world: World, step: str) -> None:
    """Where its driver died the worker goes on, and pays nothing twice."""
    run_id = world.submit()

    def die(entered: str) -> None:
        if entered == step:
            raise Killed

    world.log.entering = die
    assert await world.killed(run_id)
    async with working(world):
        await until(world, lambda: ended(world, run_id))
    succeeded(world, run_id)
    assert world.home.run(run_id).log.read_bytes() == LOG


async def test_killed_while_it_was_parked(world: World) -> None:
    """A parked run whose driver died has a lease that stands for nobody: it is looked at again."""
    world.market.deploy_seconds = 300
    run_id = world.submit()
    driving = asyncio.create_task(world.drive(run_id))
    await until(world, lambda: world.log.parked(run_id))
    driving.cancel()
    await asyncio.gather(driving, return_exceptions=True)
    world.log.take_lease(run_id, FOREGROUND, world.clock.now(), LEASE_SECONDS, lambda _: True)
    world.restart()
    async with working(world):
        await until(world, lambda: ended(world, run_id))
    succeeded(world, run_id)


async def test_a_drained_worker_lets_go_and_another_goes_on(world: World) -> None:
    """In the middle of a job: the first one ends, off the list; the second has the log to its last byte, once."""
    world.pods.script = Script(seconds=300)
    run_id = world.submit()
    async with working(world) as first:
        await until(world, lambda: "start_job" in world.calls)
        told = world.clock.monotonic()
        first.stop.set()
    # A virtual clock jumps to the next beat while tasks take some turns to end.
    assert world.clock.monotonic() - told <= GRACE_SECONDS + 2 * BEAT_SECONDS
    assert world.log.lease(run_id) is None
    assert world.log.workers() == []
    assert first.queue.came[-1][1] == Came.LEFT
    world.restart()
    async with working(world):
        await until(world, lambda: ended(world, run_id))
    succeeded(world, run_id)
    assert len(world.pods.starts) == 1
    assert world.home.run(run_id).log.read_bytes() == LOG


async def test_parked_runs_survive_a_restart(make_world: MakeWorld) -> None:
    """Nothing about them is in memory: the next worker hears the answer."""
    world = make_world(ASK)
    run_id = world.submit()
    async with working(world):
        await until(world, lambda: world.log.parked(run_id))
    world.decide(run_id, Decision.APPROVED)
    world.restart()
    async with working(world):
        await until(world, lambda: ended(world, run_id))
    succeeded(world, run_id)


async def test_the_looks_at_many_runs_are_spread(world: World) -> None:
    """Twelve pods that come up slowly: no more requests than the policy allows, and none is forgotten."""
    world.market.deploy_seconds = 150
    budget = replace(world.parts.policy.budget, max_open_pods=100, per_day=Cents(100_000), per_month=Cents(100_000))
    network = replace(world.parts.policy.network, max_requests_per_second=1)
    payment = replace(world.parts.policy.payment, auto_pay_per_day=Cents(100_000))
    world.change(policy=replace(world.parts.policy, budget=budget, network=network, payment=payment))
    world.market.purchased = Cents(100_000)
    run_ids = [world.submit() for _ in range(12)]
    async with working(world):
        await until(world, lambda: len(world.market.orders) == 12)
        await until(world, lambda: {row.awaited for row in world.log.parked()} == {Awaited.DEPLOY})
        began, before = world.clock.monotonic(), world.calls.count("order")
        await world.clock.sleep(40)
        looks = world.calls.count("order") - before
        assert 20 <= looks <= world.clock.monotonic() - began + 2
        await until(world, lambda: ended(world, *run_ids))
    succeeded(world, *run_ids)


async def test_a_dead_workers_legs_are_taken_over(world: World) -> None:
    """It said that it lives, and is gone."""
    dead = world.holder
    world.log.beat(dead, world.clock.now())
    world.restart()
    queue = PlainQueue()
    queue.begun = {"run-1::go-on": executor_id(dead)}
    async with working(world, queue):
        await until(world, lambda: queue.again)
        assert [worker.holder for worker in world.log.workers()] == [world.holder]
    assert queue.again == ["run-1::go-on"]


async def test_a_store_that_is_busy_for_a_while(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loops try again: no run is lost, and the worker is not ready meanwhile."""
    run_id = world.submit()
    async with working(world) as worker:
        await until(world, lambda: world.log.parked(run_id))
        assert worker.engine.ready()
        with monkeypatch.context() as broken:
            broken.setattr(world.log, "due", _busy)
            await world.clock.sleep(60)
            assert not worker.engine.ready()
        await until(world, lambda: ended(world, run_id))
        assert worker.engine.ready()
    succeeded(world, run_id)


def _busy(*_: object) -> list[object]:
    raise StoreBusy("another process holds it")


async def test_a_policy_that_changed_is_logged_once(world: World) -> None:
    """It does not hold for a worker that began before."""
    with capture_logs() as logged:
        async with working(world):
            await world.clock.sleep(100)
            world.parts.policy_file.path.write_text("[budget]\n", encoding="utf-8")
            await world.clock.sleep(300)
    told = [line for line in logged if line["event"].startswith("the policy has changed")]
    assert [line["file"] for line in told] == [str(world.parts.policy_file.path)]
