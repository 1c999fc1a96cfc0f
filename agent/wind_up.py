"""Winding up what an ended run left on a pod: results first, then its end (law 8)."""

from contextlib import AsyncExitStack

from agent.gather import UNFETCHED, PodStopped, gather, tell_fetched
from agent.kept import collect_kept, holds_results
from agent.lease_time import collect_until
from agent.parts import Parts
from agent.pod_end import end_pod, stop_to_keep
from policies.order import phase, short_id
from tools.errors import Malformed, MarketUnavailable, Refused
from tools.spend_log.rows import OrderRow


async def wind_up(parts: Parts, order: OrderRow) -> bool:
    """One try to bring home what the pod still holds, and to end it.

    Returns:
        True when nothing is to be done now: the pod is gone, or stopped and its time not over.
    """
    if holds_results(parts, order):
        return await collect_kept(parts, order)
    if not order.job_started or order.collected or await _collected(parts, order):
        return await end_pod(parts, order)
    if order.on_volume:
        return await stop_to_keep(parts, order)
    return parts.clock.now() >= collect_until(order, parts.hour) and await end_pod(parts, order)


async def _collected(parts: Parts, order: OrderRow) -> bool:
    """One try to fetch; a pod that is gone has nothing any more, and one that is stopped only what its volume has."""
    try:
        status = (await parts.look(order)).status
        if phase(status) == "gone" or (phase(status) == "stopped" and not order.on_volume):
            return True
        async with AsyncExitStack() as opened:
            gathered = await gather(parts, order, opened, order.host_key or None)
    except (MarketUnavailable, Malformed, Refused, *UNFETCHED) as error:
        parts.face.tell(order.run_id, f"the outputs on {short_id(order.order_id)} can't be fetched: {error}")
        return False
    if isinstance(gathered, PodStopped):
        return False
    parts.log.mark_order(order.order_id, collected=True)
    tell_fetched(parts, order.run_id, gathered.fetched)
    return True
