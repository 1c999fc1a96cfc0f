"""Results of ended runs that lie on the volume of a stopped pod: they come home once somebody starts it (law 8)."""

from contextlib import AsyncExitStack
from datetime import timedelta

from agent.accrual import kept_until, storage_of
from agent.gather import UNFETCHED, Gathered, PodStopped, gather, tell_fetched
from agent.parts import Parts
from agent.pod_end import end_pod, stop_to_keep
from policies.order import phase, short_id
from tools.errors import Malformed, MarketUnavailable, Refused
from tools.spend_log.rows import ENDED, OrderRow

BETWEEN_TRIES = 10.0


def holds_results(parts: Parts, order: OrderRow) -> bool:
    """Whether a pod was stopped to keep what could not be fetched, and still has it."""
    return order.on_volume and not order.collected and storage_of(parts, order) is not None


def kept_pods(parts: Parts) -> list[OrderRow]:
    """Those of ended runs at this provider; what belongs into another home only once its time is over."""
    pods = [order for order in parts.log.orders(open_only=True) if holds_results(parts, order)]
    ended = [order for order in pods if parts.run(order.run_id).status in ENDED and not parts.named_elsewhere(order)]
    return [order for order in ended if parts.at_home(order.run_id) or _time_is_over(parts, order)]


async def collect_kept(parts: Parts, order: OrderRow) -> bool:
    """Fetch what a kept pod holds and end it, if somebody has started it; one that can't be fetched from is stopped.

    Waits up to `ssh_minutes` for a pod that runs. The caller holds the run's lease, or drives nothing.

    Returns:
        True when nothing is to be done now: the pod is gone, or stopped and its time not over.
    """
    try:
        status = (await parts.look(order)).status
    except (MarketUnavailable, Malformed, Refused) as error:
        parts.face.tell(order.run_id, f"no look at {short_id(order.order_id)}: {error}")
        return False
    match phase(status):
        case "gone":
            return True
        case "stopped":
            return await _still_stopped(parts, order)
        case "pending":
            words = f"{short_id(order.order_id)} is {status}; once it runs, in a terminal"
            parts.face.tell(order.run_id, f"{words} `swineherd resume {order.run_id}` brings its results home")
            return False
        case "running":
            fetched = await _fetched(parts, order)
            return await (
                end_pod(parts, order) if fetched or _time_is_over(parts, order) else stop_to_keep(parts, order)
            )


async def _still_stopped(parts: Parts, order: OrderRow) -> bool:
    if _time_is_over(parts, order):
        return await end_pod(parts, order)
    words = f"the results are on the stopped pod {short_id(order.order_id)}: start it at the provider, then"
    parts.face.tell(order.run_id, f"{words} in a terminal `swineherd resume {order.run_id}` brings them home")
    return True


def _time_is_over(parts: Parts, order: OrderRow) -> bool:
    return storage_of(parts, order) is None or parts.clock.now() >= kept_until(parts, order)


async def _fetched(parts: Parts, order: OrderRow) -> bool:
    """Try until the outputs are here or `ssh_minutes` are over.

    A pod that was started again is a new machine as far as SSH can tell, its host key included: first contact, as once
    before. No secret of the job's is sent.
    """
    until = parts.clock.now() + timedelta(minutes=parts.policy.time.ssh_minutes)
    while True:
        try:
            async with AsyncExitStack() as opened:
                return _booked(parts, order, await gather(parts, order, opened, pinned_host_key=None))
        except UNFETCHED as error:
            if parts.clock.now() >= until:
                parts.face.tell(order.run_id, f"the outputs can't be fetched: {error}")
                return False
        await parts.clock.sleep(BETWEEN_TRIES)


def _booked(parts: Parts, order: OrderRow, gathered: Gathered | PodStopped) -> bool:
    if isinstance(gathered, PodStopped):
        return False
    parts.log.mark_order(order.order_id, collected=True)
    tell_fetched(parts, order.run_id, gathered.fetched)
    return True
