"""terminate: every pod of the run, believed gone only when the order says so (law 7)."""

from datetime import datetime, timedelta
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.parking import waiting
from agent.parts import Parts
from agent.state import State, unanswered
from policies.charge import ChargeState
from policies.offer import Rail
from policies.order import phase, short_id
from tools.errors import Malformed, MarketUnavailable, Refused
from tools.spend_log.rows import Awaited, OrderRow, RunStatus

BETWEEN_TRIES = timedelta(minutes=5)
"""The longest a run waits parked before the next try; the watcher looks much sooner."""

PATIENCE = timedelta(minutes=3)
"""How long a provider may take to end a pod before that is an alarm."""


async def terminate(state: State, runtime: Runtime[Parts]) -> Command[Literal["terminate", "diagnose", "report"]]:
    """Ask the provider to end each pod and look whether it did; park and try again until `terminate_alarm_tries`."""
    parts = runtime.context
    run_id = state["run_id"]
    left = [order for order in pods_to_end(parts, run_id) if not await end_pod(parts, order)]
    if not left:
        return Command(goto="diagnose" if unanswered(state) and "ending" not in state else "report")
    now = parts.clock.now()
    since = datetime.fromisoformat(state.get("ending_since", now.isoformat()))
    tries = min(order.terminate_tries for order in left) + 1
    if tries >= parts.policy.recovery.terminate_alarm_tries and now >= since + PATIENCE:
        why = f"the end of {_names(left)} is not proven after {tries} tries; it may go on billing"
        parts.face.tell(run_id, f"WARNING: {why}")
        return Command(update=_unproven(state, f"{why}. `swineherd resume {run_id}` tries again"), goto="report")
    again = waiting(Awaited.GONE, now + BETWEEN_TRIES)
    again["ending_since"] = since.isoformat()
    return Command(update=again, goto="terminate")


def _unproven(state: State, why: str) -> State:
    """Money in doubt weighs more than a pod in doubt: the run ends with the former's exit code, and says both."""
    if state.get("ending", {}).get("status") == RunStatus.IN_DOUBT:
        return endings.in_doubt(f"{state['ending']['reason']} {why}")
    return endings.provider_failed(why)


def _names(orders: list[OrderRow]) -> str:
    return ", ".join(short_id(order.order_id) for order in orders)


def pods_to_end(parts: Parts, run_id: str) -> list[OrderRow]:
    """Orders not proven gone; a link never shown, or watched to its end unpaid, is no pod unless its status moved."""
    orders = parts.log.orders(run_id, open_only=True)
    return [order for order in orders if _is_pod(order) or _may_be_paid(parts, order)]


def _is_pod(order: OrderRow) -> bool:
    return order.status != order.first_status or phase(order.status) in {"running", "stopped"}


def _may_be_paid(parts: Parts, order: OrderRow) -> bool:
    charge = parts.log.charge(order.charge_id)
    let_go = charge is not None and charge.rail is Rail.STRIPE and charge.state is ChargeState.RELEASED
    return order.paid_from is not None and not let_go


async def end_pod(parts: Parts, order: OrderRow) -> bool:
    """One try: ask, then look. True when the order itself says that it is gone."""
    try:
        await parts.market.terminate(order.order_id)
    except (MarketUnavailable, Malformed, Refused) as error:
        parts.face.tell(order.run_id, f"terminate of {short_id(order.order_id)}: {error}")
    parts.log.mark_order(order.order_id, terminate_tried=True)
    try:
        view = await parts.look(order)
    except (MarketUnavailable, Malformed, Refused) as error:
        parts.face.tell(order.run_id, f"no look at {short_id(order.order_id)}: {error}")
        return False
    gone = phase(view.status) == "gone"
    if gone:
        parts.face.tell(order.run_id, f"the pod {short_id(order.order_id)} is gone")
    return gone
