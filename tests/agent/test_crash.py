"""A process that dies anywhere: the next one goes on, buys nothing twice, and loses no byte of the log."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from policies.charge import ChargeState
from policies.policy import Policy
from tests.agent.conftest import MakeWorld
from tests.agent.watched import Killed
from tests.agent.world import ASK, AUTO, CHECKOUT, PRICE, World
from tests.fakes.faults import Unreachable
from tests.fakes.pods import LOG, Script
from tools.errors import SwineherdError
from tools.spend_log.rows import RunStatus

STEPS = ("intake", "discover", "pick", "rent", "pay", "poll", "run_job", "collect", "terminate", "report")


def die(*_: object) -> None:
    raise Killed


def dies_at(number: int) -> Callable[[int], None]:
    """A witness who ends the process before that write."""
    return lambda write: die() if write == number else None


def came_home(world: World, run_id: str) -> None:
    """As if nothing had happened."""
    assert world.parts.run(run_id).code == 0
    assert len(world.purchases) == 1
    assert world.log.totals().spent == PRICE
    assert len(world.pods.starts) == 1
    assert world.home.run(run_id).log.read_bytes() == LOG
    world.check()


def human(world: World, run_id: str, seconds: float = 5) -> None:
    """The human that the way to pay needs."""
    if world.parts.policy is ASK:
        world.approve_at(seconds, run_id)
    if world.parts.policy is CHECKOUT:
        world.pay_at(seconds)


@pytest.mark.parametrize("step", STEPS)
async def test_killed_as_it_enters_a_step(world: World, step: str) -> None:
    """Between any two nodes."""
    run_id = world.submit()
    world.log.entering = lambda entered: die() if entered == step else None
    assert await world.killed(run_id)
    await world.drive(run_id)
    came_home(world, run_id)


@pytest.mark.parametrize(
    ("policy", "seconds"),
    [(ASK, 3), (CHECKOUT, 3), (AUTO, 30), (AUTO, 75), (AUTO, 119)],
    ids=["human", "payment", "deploy", "job-begins", "job-ends"],
)
async def test_interrupted_while_it_waits(make_world: MakeWorld, policy: Policy, seconds: float) -> None:
    """At every parking place and while the job runs; the log goes on byte for byte."""
    world = make_world(policy)
    run_id = world.submit()
    human(world, run_id, 10)
    driving = asyncio.create_task(world.drive(run_id))
    world.clock.at(seconds, driving.cancel)
    with pytest.raises(asyncio.CancelledError):
        await driving
    world.restart()
    await world.drive(run_id)
    came_home(world, run_id)


@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [
        (lambda world: setattr(world.pods, "unreachable", 6), 62),
        (lambda world: world.pods.failing.update(fetch=8), 123),
        (lambda world: world.market.fail("terminate", *[Unreachable()] * 2), 121.5),
    ],
    ids=["host", "outputs", "gone"],
)
async def test_interrupted_in_trouble(world: World, trouble: Callable[[World], object], seconds: float) -> None:
    """While it waits for a pod that does not answer, for outputs, for the end of a pod."""
    trouble(world)
    await test_interrupted_while_it_waits(lambda _: world, AUTO, seconds)


@pytest.mark.parametrize(
    ("policy", "numbers"),
    [(AUTO, range(1, 200)), (ASK, range(1, 200, 2)), (CHECKOUT, range(2, 200, 2))],
    ids=["auto", "approval", "checkout"],
)
async def test_killed_before_any_write(make_world: MakeWorld, policy: Policy, numbers: range) -> None:
    """Before every (or every other) write to the spend log: at most one purchase, no pod left, no cent unexplained.

    A crash right around the call that spends may leave the money in doubt; any other one leaves no trace.
    """
    ends: list[RunStatus] = []
    for number in numbers:
        world = make_world(policy)
        run_id = world.submit()
        human(world, run_id)
        human(world, run_id, 40)
        start = world.log.writes
        world.log.before_write = dies_at(start + number)
        if not await world.killed(run_id):
            break
        run = await world.drive(run_id)
        ends.append(run.status)
        assert len(world.purchases) <= 1 or run.code == 0, f"write {number}: {world.purchases}"
        assert len(world.market.debits) <= 1, f"write {number}"
        if run.code == 0:
            came_home(world, run_id)
        else:
            assert run.code == (7 if policy is not CHECKOUT else 5), f"write {number}: {run.reason}"
        world.log.close()
    assert len(ends) > 15
    assert sum(end is not RunStatus.SUCCEEDED for end in ends) <= 2


class DyingSaver(InMemorySaver):
    """Its process ends before one of its checkpoints is kept; what the steps before it wrote is."""

    def __init__(self, dies_at: int) -> None:
        super().__init__()
        self.dies_at = dies_at

    async def aput(self, *arguments: Any) -> RunnableConfig:
        self.dies_at -= 1
        if self.dies_at == 0:
            raise Killed
        return await super().aput(*arguments)


@pytest.mark.parametrize("number", range(1, 14))
async def test_killed_between_a_step_and_its_checkpoint(world: World, number: int) -> None:
    """The step is over, and no step is next as yet: the run does not begin anew for that, and buys nothing twice."""
    world.saver = DyingSaver(number)
    run_id = world.submit()
    assert await world.killed(run_id)
    await world.drive(run_id)
    came_home(world, run_id)


@pytest.mark.parametrize("policy", [AUTO, CHECKOUT], ids=["credits", "checkout"])
@pytest.mark.parametrize("moment", ["before_spending", "after_spending"])
async def test_killed_around_the_call_that_spends(make_world: MakeWorld, policy: Policy, moment: str) -> None:
    """No answer was stored. Credits that were taken are orphaned and never asked for again; where the account proves
    that none were, the run buys after all. A link nobody saw is released.
    """
    world = make_world(policy)
    run_id = world.submit()
    setattr(world.market, moment, die)
    assert await world.killed(run_id)
    assert world.charge(run_id).state is ChargeState.SUBMITTING
    run = await world.drive(run_id)
    if policy is CHECKOUT:
        assert (run.code, world.charge(run_id).state) == (5, ChargeState.RELEASED)
    elif moment == "after_spending":
        assert (run.code, world.charge(run_id).state) == (7, ChargeState.ORPHANED)
    else:
        assert run.code == 0
        assert world.states(run_id)[:4] == ["held", "submitting", "in_doubt", "released"]
    assert world.log.totals().spent == sum(debit.cents for debit in world.market.debits)
    assert len(world.purchases) <= 1


@pytest.mark.parametrize(("policy", "states"), [(AUTO, ["paid"]), (CHECKOUT, ["awaiting_payment", "paid"])])
async def test_killed_with_the_answer_in_the_store(make_world: MakeWorld, policy: Policy, states: list[str]) -> None:
    """The next process settles by what the dead one had heard."""
    world = make_world(policy)
    run_id = world.submit()
    human(world, run_id, 10)
    parts = world.parts
    world.change(read_receipt=die, read_checkout=die)
    assert await world.killed(run_id)
    world.change(read_receipt=parts.read_receipt, read_checkout=parts.read_checkout)
    await world.drive(run_id)
    assert world.states(run_id) == ["held", "submitting", *states]
    came_home(world, run_id)


async def test_two_processes_share_one_checkpoint_file(world: World) -> None:
    """With the checkpoints on disk, as the command line has them."""
    path = str(world.home.checkpoints)
    async with AsyncSqliteSaver.from_conn_string(path) as saver:
        world.saver = saver
        run_id = world.submit()
        assert (await world.driver().leg(run_id, None)) is not None
    world.restart()
    async with AsyncSqliteSaver.from_conn_string(path) as saver:
        world.saver = saver
        await world.drive(run_id)
    came_home(world, run_id)


async def test_lost_checkpoints_lose_no_money(world: World) -> None:
    """The checkpoint file is gone: the spend log knows that the pod is paid, and the run goes on with it."""
    run_id = world.submit()
    await world.driver().leg(run_id, None)
    world.saver = type(world.saver)()
    world.restart()
    await world.drive(run_id)
    came_home(world, run_id)


@pytest.mark.parametrize("step", STEPS[4:])
async def test_killed_as_it_enters_a_step_and_the_checkpoints_are_lost(world: World, step: str) -> None:
    """The spend log alone knows that it was paid, that its job ran, and at last that all of it is over."""
    run_id = world.submit()
    world.log.entering = lambda entered: die() if entered == step else None
    assert await world.killed(run_id)
    world.saver = type(world.saver)()
    await world.drive(run_id)
    came_home(world, run_id)


async def test_a_job_that_ended_long_ago_is_remembered(world: World) -> None:
    """However much its history has told since, as while outputs can't be fetched for hours."""
    run_id = world.submit()
    world.log.entering = lambda entered: die() if entered == "report" else None
    assert await world.killed(run_id)
    for _ in range(1_000):
        world.log.enter_step(run_id, "collect", world.clock.now())
    world.saver = type(world.saver)()
    await world.drive(run_id)
    came_home(world, run_id)


@pytest.mark.parametrize(("step", "pods"), [("report", 2), ("diagnose", 3)], ids=["given-up", "no-more-pods"])
async def test_checkpoints_lost_again_and_again_rent_no_more_pods(world: World, step: str, pods: int) -> None:
    """What was given up stays so, and `max_pods_per_run` counts the pods of all lives."""
    world.pods.script = Script(code=None)
    run_id = world.submit()
    for _ in range(4):
        world.log.entering = lambda entered: die() if entered == step else None
        await world.killed(run_id)
        world.saver = type(world.saver)()
    assert (await world.drive(run_id)).code == 5
    assert len(world.purchases) == pods
    world.check()


@pytest.mark.parametrize(("exit_code", "killed_at", "code"), [(3, "terminate", 1), (0, "collect", 5)])
async def test_a_known_end_is_told_as_it_was(world: World, exit_code: int, killed_at: str, code: int) -> None:
    """A job that failed has failed, and outputs that never came are missed."""
    world.pods.script = replace(Script(), code=exit_code)
    run_id = world.submit()
    world.log.entering = lambda entered: die() if entered == killed_at else None
    assert await world.killed(run_id)
    (order,) = world.log.orders(run_id)
    await world.market.terminate(order.order_id)
    await world.parts.look(order)
    world.saver = type(world.saver)()
    run = await world.drive(run_id)
    assert (run.code, run.job_exit_code) == (code, exit_code)
    assert len(world.purchases) == 1


async def test_a_secret_split_by_a_crash_is_still_masked(world: World) -> None:
    """The log is masked byte for byte across a lost connection in the middle of a secret."""
    secret = "hunter2-hunter2"
    world.change(variables={"TOKEN": secret})
    world.pods.script = replace(Script(), log=f"token {secret} end\n".encode())
    world.pods.drops.append(12)
    run_id = world.submit("run: python train.py\nsecrets: {TOKEN: null}\n")
    run = await world.drive(run_id)
    assert run.code == 0
    log = world.home.run(run_id).log.read_bytes()
    assert log == b"token " + b"*" * len(secret) + b" end\n"


async def test_a_broken_store_stops_everything(world: World) -> None:
    """An error of the spend log is not led home by the graph: nothing may be spent without it."""

    def broken(*_: object) -> None:
        raise world_error

    world_error = SwineherdError("no run")
    run_id = world.submit()
    world.log.before_write = broken
    with pytest.raises(SwineherdError):
        await world.drive(run_id)
    assert world.purchases == []
