"""collect: results first (law 8). The outputs are here and their checksums match before anything is ended."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.attend import copy_log
from agent.lease_time import collect_until
from agent.parking import park
from agent.parts import Parts
from agent.state import State, failed
from agent.variables import known_secrets, secret_literals
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
from tools.spend_log.rows import Awaited, OrderRow, RunStatus

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
    if isinstance(await session.job_state(home), Exited):
        await copy_log(
            parts,
            order,
            session,
            home,
            Masker(
                known_secrets(
                    parts.job(order.run_id), parts.variables, secret_literals(parts.run(order.run_id).job_path)
                )
            ),
        )


def _not_fetched(state: State, parts: Parts, order: OrderRow, why: str) -> Command[Literal["collect", "terminate"]]:
    now = parts.clock.now()
    until = _until(state, parts, order, now)
    if now < until:
        parts.face.tell(order.run_id, f"the outputs are not here yet ({why}); trying again")
        park(Awaited.HOST, until)
        return Command(goto="collect")
    gpu_id = parts.attempt(order.run_id).offer.gpu_id
    reason = f"the outputs were not fetched: {why}"
    return Command(update=failed(state, FailureKind.OUTPUTS_LOST, gpu_id, reason), goto="terminate")


def _until(state: State, parts: Parts, order: OrderRow, now: datetime) -> datetime:
    """A cancelled run is bounded more tightly, counted from when the first try parked."""
    until = collect_until(order)
    if "ending" not in state or state["ending"]["status"] != RunStatus.CANCELLED:
        return until
    parked = parts.log.parked(order.run_id)
    since = parked[0].parked_at if parked else now
    return min(until, since + CANCELLED_MAY_TAKE)


def _tell(parts: Parts, run_id: str, fetched: Fetched) -> None:
    if fetched.files:
        parts.face.tell(run_id, f"{len(fetched.files)} output files are here, every checksum matches")
    for glob in fetched.missing:
        parts.face.tell(run_id, f"no output matches {glob}")
