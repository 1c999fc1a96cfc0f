"""run_job: reach the pod, start the job once, stand by it to its end."""

from datetime import datetime
from typing import Literal, assert_never

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.attend import Attended, JobEnded, JobLost, JobStopped, attend, start
from agent.lease_time import stop_job_at
from agent.parking import waiting
from agent.parts import JUST_SEEN, Parts
from agent.state import State, failed
from policies.hardware import wrong_hardware
from policies.order import OrderView, phase
from policies.recovery import FailureKind
from tools.errors import (
    HostKeyChanged,
    HostUnreachable,
    LoginRefused,
    Malformed,
    MarketUnavailable,
    Refused,
    TransferFailed,
)
from tools.ports import PodSession
from tools.spend_log.rows import Awaited, OrderRow

Next = Literal["run_job", "collect", "terminate"]
To = Command[Next]


async def run_job(state: State, runtime: Runtime[Parts]) -> To:
    """One connection to the pod: until the job's end, or parked until the pod answers again."""
    parts = runtime.context
    run_id = state["run_id"]
    order = parts.pod(run_id)
    if order is None:
        return _failed(state, parts, FailureKind.POD_LOST, "the pod is gone", "terminate")
    if parts.run(run_id).cancel_requested and not order.job_started:
        return Command(update=endings.cancelled("cancelled before the job started"), goto="terminate")
    try:
        view = await _look(parts, order)
        if phase(view.status) == "gone":
            return _failed(state, parts, FailureKind.POD_LOST, "the pod was ended while the job ran", "terminate")
        if phase(view.status) == "stopped" and order.job_started:
            return _stopped(parts, run_id)
        session = await parts.pods.connect(_address(view), order.host_key or None)
    except (HostUnreachable, MarketUnavailable, Refused) as error:
        return _not_reached(state, parts, order, str(error))
    except (LoginRefused, HostKeyChanged, Malformed) as error:
        if order.job_started:
            return _not_reached(state, parts, order, str(error))
        return _failed(state, parts, FailureKind.LOGIN_REFUSED, str(error), "terminate")
    return await _stand_by(state, parts, order, session)


async def _look(parts: Parts, order: OrderRow) -> OrderView:
    try:
        return await parts.look(order, max_age=JUST_SEEN)
    except Malformed as error:
        raise MarketUnavailable(str(error)) from error


def _address(view: OrderView) -> str:
    """How to reach the pod now; it changes with a restart."""
    if view.ssh is None:
        raise HostUnreachable(f"the order is {view.status} and names no address")
    return view.ssh


def _stopped(parts: Parts, run_id: str) -> To:
    """Its own timer did it, or somebody at the provider: nothing runs there any more."""
    cancelled = parts.run(run_id).cancel_requested
    update = endings.cancelled("cancelled while the pod was stopped") if cancelled else State()
    return Command(update=update, goto="collect")


async def _stand_by(state: State, parts: Parts, order: OrderRow, session: PodSession) -> To:
    try:
        parts.log.pin_host_key(order.order_id, session.host_key)
        wrong = "" if order.job_started else await _wrong_hardware(parts, order, session)
        if wrong:
            return _failed(state, parts, FailureKind.WRONG_GPU, wrong, "terminate")
        started = await start(parts, order, session)
        if isinstance(started, JobStopped):
            return _after(state, parts, started)
        attended = await attend(parts, order, session, started)
    except (HostUnreachable, TransferFailed) as error:
        return _not_reached(state, parts, order, str(error))
    finally:
        await session.close()
    return _after(state, parts, attended)


async def _wrong_hardware(parts: Parts, order: OrderRow, session: PodSession) -> str:
    """What the pod itself shows against the offer, before anything of the job is there; "" where that is nothing."""
    seen = await session.gpu()
    return wrong_hardware(parts.attempt(order.run_id).offer, seen.name, seen.memory_mib) if seen else ""


def _after(state: State, parts: Parts, attended: Attended) -> To:
    match attended:
        case JobEnded(exit_code=0):
            return Command(update=State(job_exit_code=0), goto="collect")
        case JobEnded(exit_code=code):
            update = _failure(state, parts, FailureKind.JOB_FAILED, f"the job exited with {code}")
            update["job_exit_code"] = code
            return Command(update=update, goto="collect")
        case JobLost(reason=reason):
            return _failed(state, parts, FailureKind.POD_LOST, reason, "collect")
        case JobStopped(why=why, cancelled=True):
            return Command(update=endings.cancelled(why), goto="collect")
        case JobStopped(why=why):
            return _failed(state, parts, FailureKind.LEASE_OVER, why, "collect")
        case _:
            assert_never(attended)


def _not_reached(state: State, parts: Parts, order: OrderRow, why: str) -> To:
    """Before the job's start a pod has `ssh_minutes`; afterwards the job may well be running: until its hours end."""
    started = parts.log.order(order.order_id)
    job_started = started is not None and started.job_started
    until = stop_job_at(order, parts.hour) if job_started else datetime.fromisoformat(state["ssh_until"])
    if parts.run(order.run_id).cancel_requested:
        return Command(update=endings.cancelled("cancelled while the pod did not answer"), goto="collect")
    if parts.clock.now() >= until:
        kind = FailureKind.POD_LOST if job_started else FailureKind.NO_SSH
        return _failed(state, parts, kind, f"no answer over SSH: {why}", "collect")
    if job_started:
        parts.face.tell(order.run_id, f"the connection is lost ({why}); the job goes on, trying again")
    return Command(update=waiting(Awaited.HOST, until), goto="run_job")


def _failure(state: State, parts: Parts, kind: FailureKind, reason: str) -> State:
    return failed(state, kind, parts.attempt(state["run_id"]).offer.gpu_id, reason)


def _failed(state: State, parts: Parts, kind: FailureKind, reason: str, goto: Next) -> To:
    return Command(update=_failure(state, parts, kind, reason), goto=goto)
