"""Standing by a job on a pod: start it once, copy its log, and stop it when somebody cancels or the hours end."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from errno import ENOSPC
from io import RawIOBase
from pathlib import Path, PurePosixPath

from agent.folders import RunFolder
from agent.lease_time import WARN_SECONDS, lease_end, stop_job_at
from agent.parts import Parts
from agent.variables import resolve, secret_literals
from policies.masking import Masker
from policies.order import phase
from tools.errors import HostUnreachable, Malformed, MarketUnavailable, Refused, TransferFailed
from tools.ports import Clock, Exited, JobStart, PodSession, RemoteHome, Running, Vanished
from tools.spend_log.rows import OrderRow

GRACE_SECONDS = 15
"""Between SIGTERM and SIGKILL when a job is stopped."""

BETWEEN_UTILISATION_LOOKS = 15.0


@dataclass(frozen=True, slots=True)
class JobEnded:
    """The job ended; its log is here to the last byte."""

    exit_code: int


@dataclass(frozen=True, slots=True)
class JobLost:
    """The job was started and is gone without an exit code."""

    reason: str


@dataclass(frozen=True, slots=True)
class JobStopped:
    """We stopped the job."""

    why: str
    cancelled: bool


Attended = JobEnded | JobLost | JobStopped


async def start(parts: Parts, order: OrderRow, session: PodSession) -> tuple[RemoteHome, Masker]:
    """Put the files in place and start the job, once however often this is called.

    Raises:
        HostUnreachable, TransferFailed: try again.
    """
    run = parts.run(order.run_id)
    job = parts.job(run.run_id)
    env, secrets = resolve(job, parts.variables, secret_literals(run.job_path))
    home = await session.home(run.run_id)
    parts.log.mark_order(order.order_id, on_volume=home.on_volume)
    if not order.job_started:
        folder = parts.home.run(run.run_id)
        await _upload(session, home, folder, [remote for remote, _ in job.file_mounts])
        _put_away_older_log(folder, order.attempt)
    command = JobStart(run.run_id, job.setup, job.run, env, lease_end(order), WARN_SECONDS)
    parts.log.mark_order(order.order_id, job_started=True)
    await session.start_job(home, command)
    return home, Masker(secrets)


async def _upload(session: PodSession, home: RemoteHome, folder: RunFolder, mounts: list[str]) -> None:
    if folder.workdir.exists():
        await session.upload(folder.workdir, f"{home.path}/work")
    for number, remote in enumerate(mounts, start=1):
        single = folder.mount(number, single_file=True)
        if single.exists():
            await session.upload(single, str(PurePosixPath(remote).parent))
        else:
            await session.upload(folder.mount(number, single_file=False), remote)


def _put_away_older_log(folder: RunFolder, attempt: int) -> None:
    """The log of an earlier pod keeps its own name: the size of `log.txt` is the offset on this one."""
    if folder.log.exists():
        folder.log.rename(folder.path / f"log.before-{attempt}.txt")


async def attend(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome, masker: Masker) -> Attended:
    """Copy the log until the job ends, or stop the job.

    Raises:
        HostUnreachable: the connection was lost; nothing is known about the job.
    """
    copying = asyncio.create_task(copy_log(parts, order, session, home, masker))
    looked_at = parts.clock.monotonic()
    try:
        while not copying.done():
            await _for_a_second(parts.clock, copying)
            stop = _reason_to_stop(parts, order)
            if stop is not None:
                await session.stop_job(home, GRACE_SECONDS)
                return stop
            if parts.clock.monotonic() - looked_at > BETWEEN_UTILISATION_LOOKS:
                looked_at = parts.clock.monotonic()
                await _utilisation(parts, order)
        copying.result()
    finally:
        await _end(copying)
    state = await session.job_state(home)
    match state:
        case Exited(code=code):
            return JobEnded(code)
        case Vanished() | Running():
            return JobLost("the job is gone without an exit code: the pod restarted, or something killed it")
        case _:
            return JobLost("the pod does not know the job")


async def _end(copying: "asyncio.Task[None]") -> None:
    """Nobody else may write to the log before this task has let go of it."""
    copying.cancel()
    with suppress(asyncio.CancelledError, HostUnreachable, TransferFailed):
        await copying


async def _for_a_second(clock: Clock, copying: "asyncio.Task[None]") -> None:
    """Until the copying ends, a second at most."""
    second = asyncio.ensure_future(clock.sleep(1))
    try:
        await asyncio.wait({copying, second}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)


async def copy_log(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome, masker: Masker) -> None:
    """Append the job's log to `log.txt`, masked byte for byte, from where the file ends.

    Raises:
        HostUnreachable: the connection was lost.
        TransferFailed: `log.txt` can't be written.
    """
    path: Path = parts.home.run(order.run_id).log
    try:
        with path.open("ab", buffering=0) as log:
            async for chunk in session.follow(home, log.tell()):
                _append(parts, order.run_id, log, masker.feed(chunk))
            _append(parts, order.run_id, log, masker.flush())
    except OSError as error:
        raise TransferFailed(f"{path}: {error.strerror}") from error


def _append(parts: Parts, run_id: str, log: RawIOBase, data: bytes) -> None:
    """Unbuffered, so that the file's size is always what is in it: an unwritten rest is asked of the pod again."""
    if data:
        written = log.write(data) or 0
        parts.face.job_output(run_id, data[:written])
        if written < len(data):
            raise OSError(ENOSPC, "only a part could be written")


def _reason_to_stop(parts: Parts, order: OrderRow) -> JobStopped | None:
    if parts.run(order.run_id).cancel_requested:
        return JobStopped("cancelled while the job ran", cancelled=True)
    if parts.clock.now() >= stop_job_at(order):
        return JobStopped(
            f"stopped before the paid {order.hours} h end, so that the outputs come home", cancelled=False
        )
    return None


async def _utilisation(parts: Parts, order: OrderRow) -> None:
    try:
        view = await parts.look(order)
    except (MarketUnavailable, Malformed, Refused):
        return
    if phase(view.status) == "running" and view.gpu_util is not None:
        parts.face.gpu(order.run_id, view.gpu_util, view.mem_util or 0)
