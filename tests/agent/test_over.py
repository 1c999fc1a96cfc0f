"""What is kept of a run that is over: no checkpoint; whoever is killed on the way there has lost nothing."""

import sqlite3
from pathlib import Path

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from agent.checkpoints import checkpoints
from policies.policy import Payment, Policy
from tests.agent.conftest import MakeWorld
from tests.agent.watched import Killed
from tests.agent.world import ASK, World
from tests.fakes.faults import RequestLost
from tools.spend_log.rows import RunStatus


class Dropping(InMemorySaver):
    """Checkpoints with somebody who looks on as they are dropped.

    Attributes:
        fails: what happens instead, once for each.
    """

    def __init__(self, *fails: BaseException) -> None:
        super().__init__()
        self.fails = list(fails)

    async def adelete_thread(self, thread_id: str) -> None:
        if self.fails:
            raise self.fails.pop(0)
        await super().adelete_thread(thread_id)


async def stands(world: World, run_id: str) -> bool:
    """Whether there is a checkpoint."""
    return await world.saver.aget_tuple(world.config(run_id)) is not None


async def test_a_run_that_ended_leaves_no_checkpoint_on_the_disk(world: World, tmp_path: Path) -> None:
    """Nor any of its writes; one that waits keeps its own."""
    path = tmp_path / "checkpoints.db"
    async with checkpoints(path, None) as saver:
        world.saver = saver
        waiting = world.submit()
        await world.driver().leg(waiting, None)
        run = await world.run()
    assert run.status is RunStatus.SUCCEEDED
    with sqlite3.connect(path) as db:
        for table in ("checkpoints", "writes"):
            assert db.execute(f"SELECT DISTINCT thread_id FROM {table}").fetchall() == [(waiting,)]


@pytest.mark.parametrize("policy", [ASK, Policy(payment=Payment(rails=()))], ids=["denied", "refused"])
async def test_however_it_ended(make_world: MakeWorld, policy: Policy) -> None:
    """With or without a pod."""
    world = make_world(policy)
    run_id = world.submit()
    world.deny_at(5, run_id)
    assert (await world.drive(run_id)).ended_at is not None
    assert not await stands(world, run_id)


async def test_killed_between_its_end_and_the_drop(world: World) -> None:
    """Driven again it does nothing but drop them; and once more, from nothing, it does nothing at all."""
    world.saver = Dropping(Killed())
    run_id = world.submit()
    assert await world.killed(run_id)
    ended = world.parts.run(run_id)
    assert ended.status is RunStatus.SUCCEEDED
    assert await stands(world, run_id)
    calls = list(world.calls)
    for _ in range(2):
        assert await world.drive(run_id) == ended
        assert not await stands(world, run_id)
    assert world.calls == calls
    world.check()


async def test_a_disk_that_is_full_changes_no_end(world: World) -> None:
    """The run has ended as it has; its checkpoints are left to `prune`."""
    world.saver = Dropping(sqlite3.OperationalError("database or disk is full"))
    run = await world.run()
    assert run.status is RunStatus.SUCCEEDED
    assert await stands(world, run.run_id)


async def test_money_in_doubt_keeps_them(world: World) -> None:
    """Nothing of such a run goes before a human has settled it."""
    world.market.fail("rent_with_credits", RequestLost())
    world.clock.at(2, lambda: world.market.spend_elsewhere(13))
    run = await world.run()
    assert run.status is RunStatus.IN_DOUBT
    assert await stands(world, run.run_id)
