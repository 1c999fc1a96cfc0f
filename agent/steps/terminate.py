"""terminate: every pod of the run, believed gone only when the order says so (law 7)."""

from datetime import datetime, timedelta
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.parking import waiting
from agent.parts import Parts
from agent.pod_end import end_pod, pods_to_end, stop_to_keep
from agent.state import State, unanswered
from policies.order import short_id
from policies.text import counted
from tools.spend_log.rows import Awaited, OrderRow, RunStatus

BETWEEN_TRIES = timedelta(minutes=5)
"""The longest a run waits parked before the next try; the watcher looks much sooner."""

PATIENCE = timedelta(minutes=3)
"""How long a provider may take to end a pod before that is an alarm."""


async def terminate(state: State, runtime: Runtime[Parts]) -> Command[Literal["terminate", "diagnose", "report"]]:
    """Ask the provider to end each pod and look whether it did; park and try again until `terminate_alarm_tries`."""
    parts = runtime.context
    run_id = state["run_id"]
    left = [order for order in pods_to_end(parts, run_id) if not await _ended(state, parts, order)]
    if not left:
        over = State(ending_since="")
        return Command(update=over, goto="diagnose" if unanswered(state) and "ending" not in state else "report")
    now = parts.clock.now()
    since = datetime.fromisoformat(state.get("ending_since") or now.isoformat())
    tries = min(order.terminate_tries for order in left) + 1
    if tries >= parts.policy.recovery.terminate_alarm_tries and now >= since + PATIENCE:
        why = f"the end of {_names(left)} is not proven after {counted(tries, 'try', 'tries')}; it may go on billing"
        parts.face.tell(run_id, f"WARNING: {why}")
        return Command(
            update=_unproven(state, f"{why}. `swineherd resume {run_id}` in a terminal tries again"), goto="report"
        )
    again = waiting(Awaited.GONE, now + BETWEEN_TRIES)
    again["ending_since"] = since.isoformat()
    return Command(update=again, goto="terminate")


async def _ended(state: State, parts: Parts, order: OrderRow) -> bool:
    """One try. A pod whose outputs are only on its volume is stopped, not ended (law 8)."""
    if state.get("keep_volume", False) and order.on_volume and not order.collected:
        return await stop_to_keep(parts, order)
    return await end_pod(parts, order)


def _unproven(state: State, why: str) -> State:
    """Money in doubt weighs more than a pod in doubt: the run ends with the former's exit code, and says both."""
    if state.get("ending", {}).get("status") == RunStatus.IN_DOUBT:
        return endings.in_doubt(f"{state['ending']['reason']} {why}")
    return endings.provider_failed(why)


def _names(orders: list[OrderRow]) -> str:
    return ", ".join(short_id(order.order_id) for order in orders)
