"""collect: results first (law 8). The outputs are here and their checksums match before anything is ended."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.attend import copy_log
from agent.lease_time import collect_until
from agent.parking import waiting
from agent.parts import Parts
from agent.state import State, failed
from agent.variables import MissingVariable, secret_literals, secrets_of
from policies.masking import Masker
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
from tools.ports import Exited, Fetched, NotStarted, PodSession, RemoteHome
from tools.spend_log.rows import Awaited, OrderRow

NOT_FETCHED = (
    HostUnreachable,
    TransferFailed,
    MarketUnavailable,
    Refused,
    LoginRefused,
    HostKeyChanged,
    Malformed,
)

CANCELLED_MAY_TAKE = timedelta(minutes=2)
"""How long fetching may go on for a run that somebody cancelled."""


async def collect(state: State, runtime: Runtime[Parts]) -> Command[Literal["collect", "terminate"]]:
    """Fetch and verify the outputs; what can't be fetched is tried again until just before the paid hours end."""
    parts = runtime.context
    run_id = state["run_id"]
    order = parts.pod(run_id)
    if order is None or not order.job_started or order.collected:
        return Command(goto="terminate")
    try:
        fetched = await _fetch(parts, order)
    except (
        HostUnreachable,
        TransferFailed,
        MarketUnavailable,
        Refused,
        LoginRefused,
        HostKeyChanged,
        Malformed,
    ) as error:
        return _not_fetched(state, parts, order, str(error))
    parts.log.mark_order(order.order_id, collected=True)
    _tell(parts, run_id, fetched)
    return Command(goto="terminate")


async def _fetch(parts: Parts, order: OrderRow) -> Fetched:
    view = await parts.look(order)
    if view.ssh is None:
        raise HostUnreachable(f"the order is {view.status} and names no address")
    globs = parts.job(order.run_id).outputs
    session = await parts.pods.connect(view.ssh, order.host_key or None)
    try:
        home = await session.home(order.run_id)
        if isinstance(await session.job_state(home), NotStarted):
            return Fetched((), 0, missing=globs)
        await _rest_of_log(parts, order, session, home)
        into = Path(parts.run(order.run_id).outputs_dir)
        return await session.fetch(home, globs, into) if globs else Fetched((), 0)
    finally:
        await session.close()


async def _rest_of_log(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> None:
    """What the job wrote after the last byte we have; a job that left no exit code can't be followed to an end."""
    if not isinstance(await session.job_state(home), Exited):
        return
    run, job = parts.run(order.run_id), parts.job(order.run_id)
    try:
        secrets = secrets_of(job, parts.variables, secret_literals(run.job_path))
    except MissingVariable as missing:
        parts.face.tell(run.run_id, f"the rest of the log is not copied, it could not be masked: {missing}")
        return
    await copy_log(parts, order, session, home, Masker(secrets.values()))


def _not_fetched(state: State, parts: Parts, order: OrderRow, why: str) -> Command[Literal["collect", "terminate"]]:
    now = parts.clock.now()
    if "collect_by" not in state and parts.run(order.run_id).cancel_requested:
        return Command(update=State(collect_by=(now + CANCELLED_MAY_TAKE).isoformat()), goto="collect")
    until = _until(state, order)
    if now < until:
        parts.face.tell(order.run_id, f"the outputs are not here yet ({why}); trying again")
        return Command(update=waiting(Awaited.HOST, until), goto="collect")
    gpu_id = parts.attempt(order.run_id).offer.gpu_id
    reason = f"the outputs were not fetched: {why}"
    return Command(update=failed(state, FailureKind.OUTPUTS_LOST, gpu_id, reason), goto="terminate")


def _until(state: State, order: OrderRow) -> datetime:
    """A cancelled run is bounded more tightly, counted from its first try."""
    until = collect_until(order)
    return min(until, datetime.fromisoformat(state["collect_by"])) if "collect_by" in state else until


def _tell(parts: Parts, run_id: str, fetched: Fetched) -> None:
    if fetched.files:
        parts.face.tell(run_id, f"{len(fetched.files)} output files are here, every checksum matches")
    for link in fetched.skipped:
        parts.face.tell(run_id, f"not fetched: {link} is a link that leads out of the job's folder or nowhere")
    for glob in fetched.missing:
        parts.face.tell(run_id, f"no output matches {glob}")
