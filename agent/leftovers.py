"""What ended runs leave behind: links that may still be paid, and pods whose end is not proven."""

from contextlib import suppress

from agent import checkout
from agent.accrual import kept_until
from agent.kept import holds_results
from agent.parts import Parts
from agent.pod_end import pods_to_end
from agent.reconcile import reconcile
from agent.second_look import AT_A_START, look_again
from agent.wind_up import wind_up
from policies.charge import ChargeState, IllegalMove
from policies.order import phase
from tools.spend_log.rows import ENDED, OrderRow


async def settle_money(parts: Parts) -> None:
    """What every start does for the money: settle what dead processes left, what is in doubt, and unpaid links;
    and look at some of the ended orders again.
    """
    await reconcile(parts)
    await settle_links(parts)
    await look_again(parts, most=AT_A_START)


async def settle_links(parts: Parts) -> None:
    """Look at the links of ended runs: a late payment is booked, and one whose time is over takes no room any more."""
    for charge in parts.log.charges(states=[ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED]):
        if parts.run(charge.run_id).status in ENDED and charge.base_url == parts.base_url:
            with suppress(IllegalMove):  # another command saw the same at the same moment, and has booked it
                await checkout.verify(parts, charge)


def left_running(parts: Parts) -> list[OrderRow]:
    """Pods of ended runs that are not proven gone; not unpaid links, nor pods stopped to keep their volume."""
    open_runs = {order.run_id for order in parts.log.orders(open_only=True)}
    ended = [run_id for run_id in sorted(open_runs) if parts.run(run_id).status in ENDED]
    pods = [order for run_id in ended for order in pods_to_end(parts, run_id)]
    return [order for order in pods if not _is_link(parts, order) and not _is_kept(parts, order)]


def _is_link(parts: Parts, order: OrderRow) -> bool:
    charge = parts.log.charge(order.charge_id)
    waiting = {ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED}
    return charge is not None and charge.state in waiting and order.status == order.first_status


def _is_kept(parts: Parts, order: OrderRow) -> bool:
    if phase(order.status) != "stopped" or not holds_results(parts, order):
        return False
    return parts.clock.now() < kept_until(parts, order)


async def end_left_running(parts: Parts) -> list[OrderRow]:
    """Try once to end each of them; returns those whose end is still not proven, pods at another provider included."""
    return [order for order in left_running(parts) if parts.named_elsewhere(order) or not await wind_up(parts, order)]
