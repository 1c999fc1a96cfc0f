"""What ended runs leave behind: links that may still be paid, and pods whose end is not proven."""

from agent import checkout
from agent.parts import Parts
from agent.steps.terminate import end_pod, pods_to_end
from policies.charge import ChargeState
from tools.spend_log.rows import ENDED, OrderRow


async def settle_links(parts: Parts) -> None:
    """Look at the links of ended runs: a late payment is booked, and one whose time is over takes no room any more."""
    for charge in parts.log.charges(states=[ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED]):
        if parts.run(charge.run_id).status in ENDED:
            await checkout.verify(parts, charge)


def left_running(parts: Parts) -> list[OrderRow]:
    """Pods of ended runs that are not proven gone; a link that nobody paid is none."""
    open_runs = {order.run_id for order in parts.log.orders(open_only=True)}
    ended = [run_id for run_id in sorted(open_runs) if parts.run(run_id).status in ENDED]
    return [order for run_id in ended for order in pods_to_end(parts, run_id) if not _is_link(parts, order)]


def _is_link(parts: Parts, order: OrderRow) -> bool:
    charge = parts.log.charge(order.charge_id)
    waiting = {ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED}
    return charge is not None and charge.state in waiting and order.status == order.first_status


async def end_left_running(parts: Parts) -> list[OrderRow]:
    """Try once to end each of them; returns those whose end is still not proven."""
    return [order for order in left_running(parts) if not await end_pod(parts, order)]
