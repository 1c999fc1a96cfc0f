"""Runs that are over: nothing of theirs goes on, so where they stood in the graph is of no use to anybody."""

from contextlib import suppress

from langgraph.checkpoint.base import BaseCheckpointSaver

from agent.checkpoints import forget
from agent.graph import Road
from agent.parts import Parts
from policies.charge import FINAL
from tools.errors import StoreUnusable
from tools.spend_log.rows import Run, RunStatus


def is_over(parts: Parts, run: Run) -> bool:
    """Whether a run has ended, with its money and its pods settled; who drives it is not asked."""
    if run.ended_at is None or run.status is RunStatus.IN_DOUBT:
        return False
    unsettled = any(charge.state not in FINAL for charge in parts.log.charges(run.run_id))
    return not unsettled and not parts.log.orders(run.run_id, open_only=True)


async def drop_checkpoints(parts: Parts, graph: Road, run_id: str) -> None:
    """Drop a run's checkpoints where it is over; where that fails they are left to `prune`.

    Only once the end is in the spend log: without a checkpoint, a run that had not ended would begin anew.
    """
    saver = graph.checkpointer
    if isinstance(saver, BaseCheckpointSaver) and is_over(parts, parts.run(run_id)):
        with suppress(StoreUnusable):
            await forget(saver, run_id)
