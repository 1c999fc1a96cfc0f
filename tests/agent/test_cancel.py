"""Cancelling at every step: the pod is ended, what is there is fetched, and every cent is accounted for."""

from collections.abc import Callable

import pytest

from policies.policy import Policy
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, AUTO, CHECKOUT, PRICE, World
from tests.fakes.faults import Unreachable
from tests.fakes.pods import Script
from tools.spend_log.rows import RunStatus

BEFORE_MONEY = [(AUTO, step) for step in ("intake", "discover", "pick", "rent", "pay")]
BEFORE_MONEY += [(ASK, step) for step in ("rent", "escalate", "pay")]
BEFORE_MONEY += [(CHECKOUT, step) for step in ("intake", "discover", "pick", "rent")]
AFTER_MONEY = [(AUTO, step) for step in ("poll", "run_job")] + [(CHECKOUT, "poll")]
AFTER_THE_JOB = ("collect", "terminate", "report")

Steps = list[tuple[Policy, str]]


def name(value: object) -> str:
    return value if isinstance(value, str) else {id(AUTO): "auto", id(ASK): "ask"}.get(id(value), "checkout")


async def cancelled_at(world: World, step: str) -> str:
    """Drive a run that is cancelled as it first enters `step`; its human says yes, or pays, all the same."""
    run_id = world.submit()

    def cancel(entered: str) -> None:
        if entered == step:
            world.cancel(run_id)

    world.log.entering = cancel
    if world.parts.policy is ASK:
        world.approve_at(5, run_id)
    if world.parts.policy is CHECKOUT:
        world.pay_at(5)
    await world.drive(run_id)
    return run_id


@pytest.mark.parametrize(("policy", "step"), BEFORE_MONEY, ids=name)
async def test_cancelled_before_money(make_world: MakeWorld, policy: Policy, step: str) -> None:
    """Nothing was sent, nothing is held, the run is cancelled."""
    world = make_world(policy)
    run = world.parts.run(await cancelled_at(world, step))
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert world.purchases == []
    totals = world.log.totals()
    assert (totals.spent, totals.held, totals.in_doubt) == (0, 0, 0)


@pytest.mark.parametrize(("policy", "step"), AFTER_MONEY, ids=name)
async def test_cancelled_after_money(make_world: MakeWorld, policy: Policy, step: str) -> None:
    """The pod is ended, what was paid stays spent, no job is started any more."""
    world = make_world(policy)
    run = world.parts.run(await cancelled_at(world, step))
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert world.log.totals().spent == PRICE
    assert world.pods.starts == []
    world.check()


@pytest.mark.parametrize("step", AFTER_THE_JOB)
async def test_cancelled_after_the_job(world: World, step: str) -> None:
    """Too late to cancel anything: the results come home."""
    run_id = await cancelled_at(world, step)
    assert world.parts.run(run_id).code == 0
    assert (world.home.run(run_id).outputs / "metrics.json").exists()
    world.check()


async def test_cancelled_while_the_job_runs(world: World) -> None:
    """The job is stopped, what it left is fetched, the pod is ended, within seconds."""
    run_id = world.submit()
    world.clock.at(90, lambda: world.cancel(run_id))
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert "stop_job" in world.calls
    assert (world.home.run(run_id).outputs / "metrics.json").exists()
    assert world.clock.monotonic() < 95
    log = world.home.run(run_id).log.read_bytes()
    assert log
    assert Script().log.startswith(log)
    world.check()


async def test_cancelled_in_the_middle_of_the_purchase(world: World) -> None:
    """The call that spends is not cut in half: its answer is booked, then the pod is ended."""
    run_id = world.submit()
    world.market.before_spending = lambda: world.cancel(run_id)
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert world.states(run_id) == ["held", "submitting", "paid"]
    world.check()


Trouble = Callable[[World], object]


@pytest.mark.parametrize(
    "trouble",
    [
        lambda world: world.pods.failing.update(fetch=1_000_000),
        lambda world: setattr(world.pods, "lost", True),
        lambda world: world.market.fail("order", *[Unreachable()] * 100_000),
    ],
    ids=["fetch", "connection", "provider"],
)
async def test_a_cancelled_run_does_not_wait_long_for_its_outputs(world: World, trouble: Trouble) -> None:
    """Two minutes, with a look now and then; then the pod is ended without them."""
    run_id = world.submit()

    def cancel() -> None:
        trouble(world)
        world.cancel(run_id)

    world.clock.at(90, cancel)
    world.clock.at(215, world.market.faults["order"].clear)
    run = await world.drive(run_id)
    assert run.code in (5, 130)
    assert world.clock.monotonic() < 90 + 120 + 60
    assert world.calls.count("connect") < 40
    world.check()


async def test_cancelled_while_a_finished_job_cannot_be_fetched(world: World) -> None:
    """The job has ended and its outputs do not come: a cancel ends the trying, without a storm of requests."""
    world.pods.failing["fetch"] = 1_000_000
    run_id = world.submit()
    world.clock.at(200, lambda: world.cancel(run_id))
    await world.drive(run_id)
    assert world.clock.monotonic() < 200 + 120 + 60
    assert world.calls.count("fetch") < 60
    world.check()


async def test_cancelled_while_the_pod_does_not_answer(world: World) -> None:
    """Before the job ever started there is nothing to fetch: the pod is ended soon."""
    world.pods.unreachable = 1_000_000
    run_id = world.submit()
    world.clock.at(120, lambda: world.cancel(run_id))
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert world.clock.monotonic() < 120 + 30
    world.check()


async def test_cancelled_between_two_pods(world: World) -> None:
    """The first pod failed; no second one is rented."""
    world.pods.script = Script(code=None)
    run = world.parts.run(await cancelled_at(world, "diagnose"))
    assert run.code == 130
    assert world.purchases == ["rent_with_credits"]
    world.check()


async def test_a_run_left_waiting_is_cancelled_by_the_next_process(make_world: MakeWorld) -> None:
    """Even when its question has expired meanwhile."""
    world = make_world(ASK)
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    world.clock.advance(3 * 3600)
    world.restart()
    world.cancel(run_id)
    assert (await world.drive(run_id)).code == 130
    assert world.purchases == []
