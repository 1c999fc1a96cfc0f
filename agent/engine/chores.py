"""What no single run sees to: money in doubt, links of ended runs, pods whose end is not proven, kept results."""

from datetime import timedelta

import structlog

from agent.engine.crew import Crew
from agent.engine.leg import LegQueue
from agent.herd import Herd
from policies.order import short_id

EVERY_SECONDS = 300.0

LEGS_KEPT_FOR = timedelta(hours=1)

_log = structlog.get_logger()


async def do_chores(herd: Herd, queue: LegQueue, crew: Crew) -> None:
    """Once, by one worker of a home: the one that would look after a run of no name. Money is everybody's.

    Raises:
        SwineherdError: something is left for the next time.
    """
    if not crew.mine(""):
        return
    await herd.settle_money()
    await herd.collect_kept()
    for order in await herd.end_left_running():
        _log.error("a pod is not proven gone", run_id=order.run_id, order=short_id(order.order_id))
    while await queue.forget(herd.parts.clock.now() - LEGS_KEPT_FOR):
        pass
