"""The dead man's timer on the road: armed before the job, told that we live, and what it leaves is not thrown away."""

from dataclasses import replace

import pytest

from agent.accrual import kept_until
from agent.kept import collect_kept, kept_pods
from agent.lease_time import lease_end, timer_acts_at
from agent.leftovers import end_left_running, left_running
from policies.charge import ChargeState
from policies.policy import Network
from tests.agent.conftest import MakeWorld
from tests.agent.watched import Killed, RecordingFace
from tests.agent.world import AUTO, World
from tests.fakes.pods import LOG, Script
from tools.spend_log.rows import Kind, Run

LONG = replace(Script(), seconds=5 * 3600)


def die(*_: object) -> None:
    raise Killed


class DeadlyFace(RecordingFace):
    """The process dies with the first words of the job."""

    def job_output(self, run_id: str, data: bytes) -> None:
        die()


async def abandoned(world: World, step: str, script: Script = LONG) -> str:
    """A run whose process died as it entered a step, two hours and more ago."""
    world.pods.on_volume = True
    world.pods.script = script
    run_id = world.submit()
    if step == "job":
        world.change(face=DeadlyFace())
    else:
        world.log.entering = lambda entered: die() if entered == step else None
    assert await world.killed(run_id)
    world.change(face=RecordingFace())
    world.clock.advance(3 * 3600)
    return run_id


@pytest.fixture
async def found(world: World) -> Run:
    """A run found after its pod stopped itself under the job."""
    return await world.drive(await abandoned(world, "job"))


async def test_it_is_armed_before_the_job_starts(world: World) -> None:
    """And said; at the end the mark comes before the pod is ended."""
    run = await world.run()
    assert run.code == 0
    assert world.calls.index("arm_timer") < world.calls.index("start_job")
    assert world.calls.index("fetch") < world.calls.index("mark_collected") < world.calls.index("terminate")
    assert any("timer armed" in line for line in world.face.lines)
    world.check()


async def test_it_is_armed_again_at_every_connection(world: World) -> None:
    """A pod that lost its timer gets another; it is said once."""
    world.pods.drops.extend([3, 8])
    assert (await world.run()).code == 0
    assert world.calls.count("arm_timer") == world.calls.count("connect") == 4
    assert sum("timer armed" in line for line in world.face.lines) == 1
    world.check()


async def test_it_hears_of_us_every_minute_while_the_job_runs(world: World) -> None:
    """Half an hour of a job: about thirty signs of life."""
    world.pods.script = replace(Script(), seconds=1800)
    assert (await world.run()).code == 0
    assert 28 <= world.calls.count("heartbeat") <= 31


async def test_it_hears_of_us_while_outputs_are_fetched(world: World) -> None:
    """However long that takes."""
    world.pods.slow["fetch"] = 600
    assert (await world.run()).code == 0
    assert world.calls.count("heartbeat") >= 9


async def test_a_pod_that_can_have_none_is_told_of_and_used(world: World) -> None:
    """The run goes on as if nothing were."""
    world.pods.no_timer = "the pod has neither curl nor wget nor python3"
    run = await world.run()
    assert run.code == 0
    assert any(line == f"timer NOT armed: {world.pods.no_timer}" for line in world.face.lines)
    world.check()


async def test_the_policy_can_do_without(make_world: MakeWorld) -> None:
    """Nothing is sent to the pod, and that is said once."""
    world = make_world(replace(AUTO, network=Network(deadman=False)))
    world.pods.drops.extend([3, 8])
    assert (await world.run()).code == 0
    assert not {"arm_timer", "heartbeat", "mark_collected"} & set(world.calls)
    assert sum("network.deadman = false" in line for line in world.face.lines) == 1


async def test_nobody_comes_back_while_the_job_runs(world: World) -> None:
    """Stopped within the paid hours, with all that is on the volume."""
    run_id = await abandoned(world, "job")
    (order,) = world.log.orders(run_id)
    (timer,) = next(iter(world.pods.pods.values())).timers.values()
    assert timer.lease == (timer_acts_at(order) - world.clock.now()).total_seconds() + world.clock.monotonic()
    world.pods.let_time_pass()
    assert world.market.orders[order.order_id].status == "stopped"


async def test_nobody_comes_back_after_collecting(world: World) -> None:
    """Terminated by the timer; the run that is resumed has succeeded all the same."""
    run_id = await abandoned(world, "terminate", Script())
    world.pods.let_time_pass()
    assert world.pods_left == []
    assert (await world.drive(run_id)).code == 0
    assert len(world.market.debits) == 1
    world.check()


@pytest.mark.parametrize("step", ["job", "collect"])
async def test_a_run_found_later_rents_and_deletes_nothing(world: World, step: str) -> None:
    """Exit 5 with a word that helps; the pod stays stopped, its storage booked since it may have been stopped."""
    run_id = await abandoned(world, step, LONG if step == "job" else Script())
    run = await world.drive(run_id)
    assert run.code == 5
    assert "stopped itself at the end of its paid hours" in run.reason
    assert f"`swineherd resume {run_id}` in a terminal collects them" in run.reason
    assert len(world.market.debits) == 1
    assert "terminate" not in world.calls
    (order,) = world.log.orders(open_only=True)
    assert order.status == "stopped"
    (storage,) = [charge for charge in world.log.charges() if charge.kind is Kind.STORAGE]
    assert storage.amount >= 5 * (AUTO.time.uncollected_hours + 1)
    assert storage.created_at <= lease_end(order)


async def test_every_word_about_a_kept_pod_names_one_moment(world: World) -> None:
    """The one at which it is ended: when it stopped itself is not known, and storage counts from its payment on."""
    run_id = await abandoned(world, "job")
    world.change(face=world.face)
    found = await world.drive(run_id)
    (order,) = world.log.orders(open_only=True)
    end = f"kept until {kept_until(world.parts, order):%Y-%m-%d %H:%M} UTC"
    told = [found.reason, *(line for line in world.face.lines if "is stopped, its volume" in line)]
    assert len(told) == 2
    assert all(end in one for one in told)


async def test_found_before_its_hours_end_it_is_not_waited_for(world: World) -> None:
    """Stopped by silence, with hours left: the word comes at once."""
    world.pods.on_volume = True
    run_id = world.submit()
    world.log.entering = lambda entered: die() if entered == "collect" else None
    assert await world.killed(run_id)
    world.clock.advance(61 * 60)
    before = world.clock.monotonic()
    run = await world.drive(run_id)
    assert run.code == 5
    assert "by its timer or at the provider" in run.reason
    assert world.clock.monotonic() - before < 60
    assert "terminate" not in world.calls


async def test_without_a_volume_the_results_are_lost_and_the_pod_ended(world: World) -> None:
    """What was stopped keeps nothing: no second pod, and the word says so."""
    run_id = await abandoned(world, "job")
    (order,) = world.log.orders(run_id)
    world.log.mark_order(order.order_id, on_volume=False)
    run = await world.drive(run_id)
    assert run.code == 5
    assert "lost" in run.reason
    assert len(world.market.debits) == 1
    assert world.pods_left == []


async def test_a_cancelled_run_is_kept_too(world: World) -> None:
    """Cancelled while its pod was stopped: 130, and nothing deleted."""
    run_id = await abandoned(world, "job")
    world.cancel(run_id)
    run = await world.drive(run_id)
    assert run.code == 130
    assert "volume" in run.reason
    assert "terminate" not in world.calls


async def start_again(world: World) -> None:
    """A human starts the kept pod at the provider."""
    (order,) = kept_pods(world.parts)
    await world.market.start(order.order_id)
    world.clock.advance(world.market.deploy_seconds)


async def test_once_somebody_starts_it_the_results_come_home(world: World, found: Run) -> None:
    """Fetched, its log too; only then is the pod ended, and its storage closed."""
    await start_again(world)
    (pod,) = world.pods.pods.values()
    pod.host_key = "ssh-ed25519 of-the-new-container"
    (order,) = kept_pods(world.parts)
    assert await collect_kept(world.parts, order)
    assert (world.home.run(found.run_id).outputs / "metrics.json").exists()
    assert world.calls.index("terminate") > len(world.calls) - 1 - world.calls[::-1].index("fetch")
    assert kept_pods(world.parts) == []
    assert not world.log.charges(found.run_id, [ChargeState.ACCRUING])
    assert world.pods_left == []


async def test_a_kept_pod_that_was_started_is_never_ended_uncollected(world: World, found: Run) -> None:
    """Cleaning up meets it first, and brings the results home."""
    await start_again(world)
    (order,) = kept_pods(world.parts)
    await world.parts.look(order)
    assert [left.order_id for left in left_running(world.parts)] == [order.order_id]
    assert await end_left_running(world.parts) == []
    assert (world.home.run(found.run_id).outputs / "metrics.json").exists()
    assert world.pods_left == []


async def test_what_still_cannot_be_fetched_is_stopped_again(world: World, found: Run) -> None:
    """Tried for `ssh_minutes`, then kept on: neither ended nor left to bill by the hour."""
    await start_again(world)
    world.pods.failing["fetch"] = 1_000_000
    (order,) = kept_pods(world.parts)
    assert await collect_kept(world.parts, order)
    assert world.market.orders[order.order_id].status == "stopped"
    assert "terminate" not in world.calls
    assert [one.order_id for one in kept_pods(world.parts)] == [order.order_id]


async def test_nobody_starts_it(world: World, found: Run) -> None:
    """Left in peace, with a word; ended when its time is over."""
    (order,) = kept_pods(world.parts)
    assert await collect_kept(world.parts, order)
    assert "terminate" not in world.calls
    world.clock.advance((AUTO.time.uncollected_hours + 1) * 3600)
    assert await collect_kept(world.parts, order)
    assert world.pods_left == []


async def test_the_log_comes_home_byte_for_byte(world: World) -> None:
    """A job that ended before its pod was stopped: what was not copied is."""
    await world.drive(run_id := await abandoned(world, "collect", Script()))
    world.home.run(run_id).log.write_bytes(LOG[:5])
    await start_again(world)
    (order,) = kept_pods(world.parts)
    assert await collect_kept(world.parts, order)
    assert world.home.run(run_id).log.read_bytes() == LOG
