"""What the simulation found, each as the shortest story that shows it."""

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from agent.reconcile import reconcile
from policies.charge import ChargeState
from tests.agent.conftest import MakeWorld, make_world, world
from tests.agent.watched import KeptSaver, Killed
from tests.agent.world import ASK, World
from tools.spend_log.rows import RunStatus

__all__ = ["make_world", "world"]


def die() -> None:
    raise Killed


async def test_money_taken_for_a_lost_order_is_not_spent_again_without_its_checkpoint(world: World) -> None:
    """A start settles what the dead left as orphaned; a run whose checkpoint is gone begins anew and buys nothing."""
    run_id = world.submit()
    world.market.after_spending = die
    assert await world.killed(run_id)
    await reconcile(world.parts)
    assert world.charge(run_id).state is ChargeState.ORPHANED
    world.saver = InMemorySaver()
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.IN_DOUBT, 7)
    assert world.purchases == ["rent_with_credits"]


@pytest.mark.parametrize("step", ["pick", "escalate"])
async def test_a_run_that_ended_is_not_woken_by_an_old_checkpoint(make_world: MakeWorld, step: str) -> None:
    """Gone back to before its end, it asks no human again; driving it changes nothing, and fails over nothing."""
    world = make_world(ASK)
    world.saver = KeptSaver()
    run_id = world.submit()
    world.deny_at(10, run_id)
    ended = await world.drive(run_id)
    assert ended.status is RunStatus.DENIED
    history = [item async for item in world.graph.aget_state_history(world.config(run_id))]
    old = next(item for item in history if item.next == (step,))
    await world.graph.ainvoke(None, old.config, context=world.parts, durability="sync")
    for wait in (True, False):
        again = await world.drive(run_id, wait=wait)
        assert (again.status, again.reason, again.ended_at) == (ended.status, ended.reason, ended.ended_at)
    assert len(world.log.attempts(run_id)) == 1
    assert world.purchases == []


@pytest.mark.parametrize("after", [5.0, 3000.0], ids=["soon", "past deploy_minutes"])
async def test_a_started_job_comes_home_though_its_checkpoint_is_lost(world: World, after: float) -> None:
    """The run begins anew at `poll`, which knows pods that come up: cancelled, it must not end one whose job ran."""
    run_id = world.submit()

    def die_once_it_runs(_number: int) -> None:
        if any(order.job_started for order in world.log.orders(run_id)):
            die()

    world.log.before_write = die_once_it_runs
    assert await world.killed(run_id)
    world.saver = InMemorySaver()
    world.clock.advance(after)
    world.cancel(run_id)
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert (world.home.run(run_id).outputs / "metrics.json").exists()
    world.check()


@pytest.mark.parametrize("edit", [{"run_id": "another"}, {"listings": []}], ids=["another run's", "of no run"])
async def test_a_checkpoint_that_is_no_state_of_the_run_is_not_gone_on_from(world: World, edit: dict[str, Any]) -> None:
    """Killed before its first checkpoint, and then edited: it begins anew, and knows who it is."""
    run_id = world.submit()
    await world.graph.aupdate_state(world.config(run_id), edit, as_node="__start__")
    assert (await world.drive(run_id)).status is RunStatus.SUCCEEDED
    assert world.purchases == ["rent_with_credits"]
    world.check()
