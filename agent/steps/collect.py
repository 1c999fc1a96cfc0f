"""collect: results first (law 8). The outputs are here and their checksums match before anything is ended."""

from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import deadman
from agent.accrual import kept_until
from agent.gather import UNFETCHED, PodStopped, gather, tell_fetched
from agent.job_end import note_job_end
from agent.lease_time import collect_until, timer_acts_at
from agent.parking import waiting
from agent.parts import JUST_SEEN, Parts
from agent.patient import unless
from agent.state import State, failed, unanswered
from policies.order import phase
from policies.recovery import FailureKind
from tools.errors import (
    Malformed,
    MarketUnavailable,
    Refused,
)
from tools.ports import Exited, JobState, NotStarted, Running, Vanished
from tools.spend_log.rows import Awaited, OrderRow

CANCELLED_MAY_TAKE = timedelta(minutes=2)
"""How long fetching may go on for a run that somebody cancelled."""

To = Command[Literal["collect", "terminate"]]


async def collect(state: State, runtime: Runtime[Parts]) -> To:
    """Fetch and verify the outputs; what can't be fetched is tried again until just before the paid hours end."""
    parts = runtime.context
    order = parts.pod(state["run_id"])
    if order is None or not order.job_started or order.collected:
        return Command(goto="terminate")
    if _newly_cancelled(state, parts):
        by = parts.clock.now() + CANCELLED_MAY_TAKE
        return Command(update=State(collect_by=by.isoformat()), goto="collect")
    if await _is_stopped(parts, order):
        return _given_up(state, parts, order, stopped_word(parts, order))
    async with AsyncExitStack() as opened:
        work = gather(parts, order, opened, order.host_key or None)
        try:
            gathered = await unless(parts.clock, work, lambda: _reason_to_stop(state, parts, order))
        except UNFETCHED as error:
            return _not_fetched(state, parts, order, str(error))
        if isinstance(gathered, PodStopped):
            return _given_up(state, parts, order, stopped_word(parts, order))
        if isinstance(gathered, str):
            return _not_fetched(state, parts, order, gathered)
        parts.log.mark_order(order.order_id, collected=True)
        await deadman.leave_mark(parts, gathered.session, gathered.home)
    tell_fetched(parts, order.run_id, gathered.fetched)
    return Command(update=_known_end(state, parts, order, gathered.job), goto="terminate")


async def _is_stopped(parts: Parts, order: OrderRow) -> bool:
    """Looked at first, however late it is: a pod that stopped itself costs storage since then."""
    try:
        view = await parts.look(order, max_age=JUST_SEEN)
    except (MarketUnavailable, Refused, Malformed):
        return False
    return phase(view.status) == "stopped"


def _newly_cancelled(state: State, parts: Parts) -> bool:
    return "collect_by" not in state and parts.run(state["run_id"]).cancel_requested


def _reason_to_stop(state: State, parts: Parts, order: OrderRow) -> str | None:
    if _newly_cancelled(state, parts):
        return "cancelled"
    return state.get("trouble", "it takes too long") if parts.clock.now() >= _until(state, parts, order) else None


def _known_end(state: State, parts: Parts, order: OrderRow, job: JobState) -> State:
    """A pod that was given up for lost may turn out to have done its job, or to be doing it still."""
    lost = [failure.kind for failure in unanswered(state)][-1:] in ([FailureKind.POD_LOST], [FailureKind.PROVIDER])
    if not lost or "ending" in state:
        return State()
    gpu_id = parts.attempt(order.run_id).offer.gpu_id
    if isinstance(job, Exited):
        note_job_end(parts, order.run_id, job.code)
    match job:
        case Exited(code=0):
            return State(job_exit_code=0, overcome=len(state.get("failures", [])))
        case Exited(code=code):
            return failed(state, FailureKind.JOB_FAILED, gpu_id, f"the job exited with {code}") | {
                "job_exit_code": code
            }
        case Running():
            return failed(state, FailureKind.LEASE_OVER, gpu_id, "stopped before its paid hours ended")
        case NotStarted() | Vanished():
            return State()


def _not_fetched(state: State, parts: Parts, order: OrderRow, why: str) -> To:
    if _newly_cancelled(state, parts):
        return Command(goto="collect")
    until = _until(state, parts, order)
    if parts.clock.now() < until:
        parts.face.tell(order.run_id, f"the outputs are not here yet ({why}); trying again")
        return Command(update=waiting(Awaited.HOST, until) | {"trouble": why}, goto="collect")
    return _given_up(state, parts, order, f"the outputs were not fetched: {why}" + where_they_are(parts, order))


def _given_up(state: State, parts: Parts, order: OrderRow, reason: str) -> To:
    """The end of the run, but not of results that lie on a volume."""
    gpu_id = parts.attempt(order.run_id).offer.gpu_id
    update = failed(state, FailureKind.OUTPUTS_LOST, gpu_id, reason)
    update["keep_volume"] = True
    if "ending" in state:
        said = state["ending"]
        update["ending"] = {**said, "reason": f"{said['reason']}; {reason}"}
    return Command(update=update, goto="terminate")


def stopped_word(parts: Parts, order: OrderRow) -> str:
    """What has become of a pod that was found stopped, and of its results."""
    at_its_end = parts.clock.now() >= timer_acts_at(order, parts.hour)
    what = (
        "stopped itself at the end of its paid hours" if at_its_end else "was stopped, by its timer or at the provider"
    )
    if not order.on_volume:
        return f"the pod {what}, and had no volume: its results are lost"
    return f"the pod {what}; the results are on its volume" + where_they_are(parts, order)


def where_they_are(parts: Parts, order: OrderRow) -> str:
    """What a human can still do about outputs that stayed on the pod."""
    if not order.on_volume:
        return ""
    how = f"start it at the provider, and `swineherd resume {order.run_id}` in a terminal collects them"
    return f"; the pod is stopped and its volume kept until {kept_until(parts, order):%Y-%m-%d %H:%M} UTC: {how}"


def _until(state: State, parts: Parts, order: OrderRow) -> datetime:
    """A cancelled run is bounded more tightly, counted from its first try."""
    until = collect_until(order, parts.hour)
    return min(until, datetime.fromisoformat(state["collect_by"])) if "collect_by" in state else until
