"""What the simulation found, each as the shortest story that shows it."""

from langgraph.checkpoint.memory import InMemorySaver

from agent.reconcile import reconcile
from policies.charge import ChargeState
from tests.agent.conftest import make_world, world
from tests.agent.watched import Killed
from tests.agent.world import World
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
