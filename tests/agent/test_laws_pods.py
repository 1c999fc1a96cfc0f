"""The laws about pods: results first, and no pod outlives its purpose."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.lease_time import lease_end
from policies.money import Cents
from policies.policy import Policy, Recovery
from tests.agent.conftest import MakeWorld
from tests.agent.world import ANY_GPU, AUTO, CHECKOUT, JOB, World
from tests.fakes.faults import AnswerLost, Garble, Refuse, Unreachable
from tests.fakes.pods import LOG, Script
from tools.spend_log.rows import RunStatus

LONG = replace(Script(), seconds=5 * 3600)


async def test_the_outputs_are_here_before_the_pod_is_ended(world: World) -> None:
    """Whatever goes wrong with the first tries to fetch them."""
    world.pods.failing["fetch"] = 3
    run = await world.run()
    assert run.code == 0
    last_fetch = len(world.calls) - 1 - world.calls[::-1].index("fetch")
    assert last_fetch < world.calls.index("terminate")
    world.check()


async def test_a_pod_is_kept_for_its_outputs_until_its_hours_end(world: World) -> None:
    """Fetching goes on to just before the lease's end; then the pod is ended within it, and that is no success."""
    world.pods.failing["fetch"] = 1_000_000
    run_id = world.submit()
    kept: list[list[str]] = []
    world.clock.at(200, lambda: world.clock.advance(6600))
    world.clock.at(6801, lambda: kept.append(world.pods_left))
    run = await world.drive(run_id)
    (order,) = world.log.orders(run_id)
    assert kept == [[order.order_id]]
    assert order.gone_at is not None
    assert lease_end(order) - timedelta(minutes=2) <= order.gone_at < lease_end(order)
    assert run.code == 5


async def test_a_job_that_overruns_its_hours_is_stopped_and_collected(world: World) -> None:
    """It is stopped early enough for its outputs to come home, and the pod ends within its paid hours."""
    world.pods.script = LONG
    run_id = world.submit()
    world.clock.at(200, lambda: world.clock.advance(6000))
    run = await world.drive(run_id)
    (order,) = world.log.orders(run_id)
    assert run.code == 5
    assert "end" in run.reason
    assert order.gone_at is not None
    assert order.gone_at < lease_end(order)
    assert (world.home.run(run_id).outputs / "metrics.json").exists()
    world.check()


@pytest.mark.parametrize(
    "fault", [Unreachable(), AnswerLost(), Garble(), Refuse(500)], ids=lambda fault: type(fault).__name__
)
async def test_terminate_is_repeated_until_the_order_says_gone(world: World, fault: object) -> None:
    """A failing terminate is tried again; the run ends well when the order proves the end."""
    world.market.fail("terminate", fault, fault)  # type: ignore[arg-type]
    run = await world.run()
    assert run.code == 0
    world.check()


async def test_a_terminate_that_lies_is_not_believed(world: World) -> None:
    """The answer says terminated, the order still says running: tried again."""
    keep = world.market._terminate
    answers = iter(["terminated", "terminated"])
    world.market._terminate = lambda order: next(answers, None) or keep(order)  # type: ignore[method-assign]
    run = await world.run()
    assert run.code == 0
    assert world.calls.count("terminate") == 3
    world.check()


async def test_tries_to_end_a_pod_become_rarer(world: World) -> None:
    """A provider in trouble is not hammered: the waits between the tries grow."""
    world.change(policy=replace(AUTO, recovery=Recovery(terminate_alarm_tries=12)))
    world.market.fail("terminate", *[Unreachable()] * 1000)
    before = world.clock.monotonic()
    run = await world.run()
    assert run.code == 5
    assert world.calls.count("terminate") <= 13
    assert world.clock.monotonic() - before > 120 + 30


async def test_a_pod_that_is_gone_is_not_looked_for_over_ssh(world: World) -> None:
    """The provider ended it while the job ran: lost, and another pod within the limits."""
    run_id = world.submit(ANY_GPU)

    def end_first() -> None:
        world.market.orders["HOG-000000000001"].status = "terminated"

    world.clock.at(80, end_first)
    run = await world.drive(run_id)
    assert run.code == 0
    assert len(world.market.debits) == 2
    world.check()


async def test_a_pod_that_never_comes_up_is_ended_and_another_is_tried(world: World) -> None:
    """After `deploy_minutes`; the GPU that failed is not taken again, and the budget counts both."""
    world.market.deploy_seconds = 10_000
    run_id = world.submit(ANY_GPU)
    world.clock.at(950, lambda: setattr(world.market, "deploy_seconds", 30))
    world.clock.at(100, lambda: world.clock.advance(700))
    run = await world.drive(run_id)
    gpus = [attempt.offer.gpu_id for attempt in world.log.attempts(run_id)]
    assert (run.code, len(gpus), len(set(gpus))) == (5, 2, 2)
    assert "same_failure_limit" in run.reason
    world.check()


async def test_a_second_pod_must_fit_the_budget(make_world: MakeWorld) -> None:
    """What the first pod cost counts: the second one is refused by the run's cap."""
    world = make_world(replace(AUTO, budget=replace(AUTO.budget, per_run=Cents(120))))
    run_id = world.submit(ANY_GPU)
    world.clock.at(80, lambda: setattr(world.market.orders["HOG-000000000001"], "status", "terminated"))
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.REFUSED, 3)
    assert "per_run_usd" in run.reason
    assert len(world.market.debits) == 1
    world.check()


async def test_no_more_pods_than_the_policy_allows(make_world: MakeWorld) -> None:
    """`max_pods_per_run` ends the run."""
    world = make_world(replace(AUTO, recovery=Recovery(max_pods_per_run=1)))
    run_id = world.submit(ANY_GPU)
    world.clock.at(80, lambda: setattr(world.market.orders["HOG-000000000001"], "status", "terminated"))
    run = await world.drive(run_id)
    assert run.code == 5
    assert "max_pods_per_run" in run.reason
    world.check()


@pytest.mark.parametrize("policy", [AUTO, CHECKOUT], ids=["credits", "checkout"])
async def test_sold_out_between_discover_and_rent(make_world: MakeWorld, policy: Policy) -> None:
    """The next offer is made, and only that one is paid."""
    world = make_world(policy)
    run_id = world.submit(ANY_GPU)
    dearest = max(world.market.stock.values(), key=lambda one: one.price_per_hour)
    stock = world.market.stock
    world.log.entering = lambda step: setattr(
        world.market, "stock", {dearest.gpu_id: stock[dearest.gpu_id]} if step == "rent" else world.market.stock
    )
    world.pay_at(30)
    run = await world.drive(run_id)
    assert run.code == 0
    assert [debit.cents for debit in world.market.debits] == [world.log.totals().spent]
    assert world.parts.attempt(run_id).offer.gpu_id == dearest.gpu_id


async def test_the_only_gpu_is_refused_at_the_till(world: World) -> None:
    """A plain 404 to the purchase itself: another GPU is taken, the refused one is not asked again."""
    world.market.fail("rent_with_credits", Refuse(404))
    run = await world.run(ANY_GPU)
    assert run.code == 0
    first, second = (attempt.offer.gpu_id for attempt in world.log.attempts(run.run_id))
    assert first != second
    assert world.purchases == ["rent_with_credits"] * 2
    assert len(world.market.debits) == 1


async def test_a_job_without_an_exit_code_is_lost(world: World) -> None:
    """It vanished: not a success, its pod is ended."""
    world.pods.script = replace(Script(), code=None)
    run = await world.run()
    assert run.code != 0
    assert run.job_exit_code is None
    world.check()


async def test_a_pod_with_another_host_key_gets_no_secret(world: World) -> None:
    """After the first contact only the same machine is spoken to; the job is given up and the pod ended."""

    def swap() -> None:
        world.pods.drops.append(1)
        (pod,) = world.pods.pods.values()
        pod.host_key = "ssh-ed25519 somebody-else"

    run_id = world.submit()
    world.clock.at(80, swap)
    run = await world.drive(run_id)
    assert run.code == 5
    assert "host key" in run.reason
    world.check()


Trouble = Callable[[World], object]


@pytest.mark.parametrize(
    "trouble",
    [
        lambda world: setattr(world.pods, "unreachable", 3),
        lambda world: world.pods.failing.update(upload=2),
        lambda world: world.pods.failing.update(start_job=2),
        lambda world: world.market.fail("order", *[Unreachable()] * 3),
    ],
    ids=["connect", "upload", "start", "order"],
)
async def test_passing_trouble_on_the_way_to_the_job(world: World, trouble: Trouble) -> None:
    """Tried again within `ssh_minutes`; the job starts once and its log is whole."""
    trouble(world)
    run = await world.run()
    assert run.code == 0
    assert len(world.pods.starts) == 1
    assert world.home.run(run.run_id).log.read_bytes() == LOG
    world.check()


async def test_a_pod_that_never_answers_over_ssh(world: World) -> None:
    """Given up after `ssh_minutes`, ended, and never connected to more than now and then; so is a second one."""
    world.pods.unreachable = 1_000_000
    run = await world.run()
    assert (run.code, world.pods.starts, len(world.market.debits)) == (5, [], 2)
    assert world.calls.count("connect") < 100
    world.check()


async def test_a_variable_that_goes_missing_is_asked_for(world: World) -> None:
    """After money was spent: the run is left waiting with its name, and goes on where the variable is set."""
    world.change(variables={"TOKEN": "t"})
    run_id = world.submit(JOB + "envs: {TOKEN: null}\n")
    await world.driver().leg(run_id, None)
    world.change(variables={})
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.WAITING_FOR_HUMAN, 4)
    assert "TOKEN" in run.reason
    assert "terminate" not in world.calls
    world.change(variables={"TOKEN": "t"})
    assert (await world.drive(run_id)).code == 0
    assert world.purchases == ["rent_with_credits"]
    world.check()
