"""Bringing the outputs of a pod here, whoever asks: the run's own step, or what winds up after it."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from agent import deadman
from agent.attend import GRACE_SECONDS, find_home
from agent.gpu_use import note_use
from agent.job_log import copy_log
from agent.parts import JUST_SEEN, Parts
from policies.order import phase
from policies.text import counted
from tools.errors import (
    HostKeyChanged,
    HostUnreachable,
    LoginRefused,
    Malformed,
    MarketUnavailable,
    Refused,
    TransferFailed,
)
from tools.ports import Exited, Fetched, JobState, NotStarted, PodSession, RemoteHome, Running, Vanished
from tools.spend_log.rows import OrderRow


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is home now, how the job was found, and where: over a session that is open still."""

    fetched: Fetched
    job: JobState
    session: PodSession
    home: RemoteHome


@dataclass(frozen=True, slots=True)
class PodStopped:
    """Nothing can be fetched before somebody starts the pod."""


UNFETCHED = (
    HostUnreachable,
    TransferFailed,
    MarketUnavailable,
    Refused,
    LoginRefused,
    HostKeyChanged,
    Malformed,
)
"""What keeps `gather` from bringing the outputs here."""


async def gather(
    parts: Parts, order: OrderRow, opened: AsyncExitStack, pinned_host_key: str | None
) -> Gathered | PodStopped:
    """Stop a job that still runs, fetch its outputs, then what is left of its log. Raises what is in `UNFETCHED`.

    The session stays open until `opened` is left.
    """
    view = await parts.look(order, max_age=JUST_SEEN)
    if phase(view.status) == "stopped":
        return PodStopped()
    if view.ssh is None:
        raise HostUnreachable(f"the order is {view.status} and names no address")
    session = await parts.pods.connect(view.ssh, pinned_host_key)
    opened.push_async_callback(session.close)
    home = await find_home(parts, order, session)
    await deadman.arm(parts, order, session, home)
    async with deadman.signs_of_life(parts, session, home):
        fetched, job = await _fetch(parts, order, session, home)
    return Gathered(fetched, job, session, home)


async def _fetch(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> tuple[Fetched, JobState]:
    globs = parts.job(order.run_id).outputs
    job = await session.job_state(home)
    if isinstance(job, NotStarted):
        return Fetched((), 0, missing=globs), job
    if isinstance(job, Running):
        await session.stop_job(home, GRACE_SECONDS)
    into = Path(parts.run(order.run_id).outputs_dir)
    fetched = await session.fetch(home, globs, into) if globs else Fetched((), 0)
    await _rest_of_log(parts, order, session, home)
    if isinstance(job, Exited):
        await note_use(parts, order, session, home, job.code)
    return fetched, job


async def _rest_of_log(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> None:
    """What the job wrote after the last byte we have. The outputs are here by now: a log that fails stops nothing."""
    if not isinstance(await session.job_state(home), Exited | Vanished):
        return
    try:
        await copy_log(parts, order, session, home)
    except (HostUnreachable, TransferFailed) as error:
        parts.face.tell(order.run_id, f"the end of the log is not here: {error}")


def tell_fetched(parts: Parts, run_id: str, fetched: Fetched) -> None:
    """What came home, what matched nothing, and what was left there."""
    if fetched.files:
        files = counted(len(fetched.files), "output file is", "output files are")
        parts.face.tell(run_id, f"{files} here, every checksum matches")
    for link in fetched.skipped:
        parts.face.tell(run_id, f"not fetched: {link} is a link that leads out of the job's folder or nowhere")
    for glob in fetched.missing:
        parts.face.tell(run_id, f"no output matches {glob}")
