"""poll: is the pod up? Looks once and parks."""

from datetime import datetime, timedelta
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.parking import waiting
from agent.parts import JUST_SEEN, Parts
from agent.state import State, failed
from policies.hardware import wrong_hardware
from policies.order import OrderView, phase
from policies.recovery import FailureKind
from policies.text import counted
from tools.errors import Malformed, MarketUnavailable, Refused
from tools.spend_log.rows import Awaited, OrderRow

Next = Literal["poll", "run_job", "terminate"]


async def poll(state: State, runtime: Runtime[Parts]) -> Command[Next]:
    """One look at the order: on to the job, on to the end, or parked until it changes or `deploy_minutes` are over."""
    parts = runtime.context
    run_id = state["run_id"]
    order = parts.pod(run_id)
    if order is None:
        return _failed(state, parts, FailureKind.POD_LOST, "the pod is gone")
    if order.job_started:  # no checkpoint led past here: what this pod's job has left comes home first (law 8)
        return _to_the_job(parts)
    if parts.run(run_id).cancel_requested:
        return Command(update=endings.cancelled("cancelled while the pod came up"), goto="terminate")
    view = await _look(parts, order)
    if phase(view.status) == "gone":
        return _failed(state, parts, FailureKind.POD_LOST, "the pod was ended before the job could start")
    if wrong := _wrong_hardware(parts, order, view):
        return _failed(state, parts, FailureKind.WRONG_GPU, wrong)
    if phase(view.status) == "running" and view.ssh is not None:
        return _to_the_job(parts)
    deadline = _deadline(parts, order)
    if parts.clock.now() >= deadline:
        minutes = counted(parts.policy.time.deploy_minutes, "minute")
        return _failed(state, parts, FailureKind.NEVER_UP, f"still {view.status or 'unseen'} after {minutes}")
    return Command(update=waiting(Awaited.DEPLOY, deadline), goto="poll")


def _to_the_job(parts: Parts) -> Command[Next]:
    until = parts.clock.now() + timedelta(minutes=parts.policy.time.ssh_minutes)
    return Command(update=State(ssh_until=until.isoformat(), job_exit_code=None), goto="run_job")


async def _look(parts: Parts, order: OrderRow) -> OrderView:
    """The order now. A look without an answer changes nothing: then it is as it was last seen, and can't be reached."""
    try:
        return await parts.look(order, max_age=JUST_SEEN)
    except (MarketUnavailable, Malformed, Refused) as error:
        parts.face.tell(order.run_id, f"no look at the order: {error}")
        return OrderView(order.order_id, order.status)


def _wrong_hardware(parts: Parts, order: OrderRow, view: OrderView) -> str:
    """What the order says against the offer; "" where that is nothing."""
    memory = None if view.vram_gb is None else view.vram_gb * 1024
    return wrong_hardware(parts.attempt(order.run_id).offer, view.gpu, memory)


def _deadline(parts: Parts, order: OrderRow) -> datetime:
    charge = parts.log.charge(order.charge_id)
    paid_at = (charge.settled_at if charge else None) or order.created_at
    return paid_at + timedelta(minutes=parts.policy.time.deploy_minutes)


def _failed(state: State, parts: Parts, kind: FailureKind, reason: str) -> Command[Next]:
    """The end of a pod whose job never ran: what an earlier pod's job ended with is over."""
    gpu_id = parts.attempt(state["run_id"]).offer.gpu_id
    update = failed(state, kind, gpu_id, reason)
    update["job_exit_code"] = None
    return Command(update=update, goto="terminate")
