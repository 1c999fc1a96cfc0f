"""Standing by a job on a pod: start it once, copy its log, and stop it when somebody cancels or the hours end."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from agent import deadman
from agent.folders import RunFolder
from agent.gpu_use import watched
from agent.job_end import note_job_end
from agent.job_log import copy_log, put_away, ran_out_of_memory
from agent.lease_time import lease_end, stop_job_at, warn_seconds
from agent.parts import Parts
from agent.patient import unless
from agent.sync import goes_on, put_synced_away, sync_once, synced
from agent.variables import resolve, secret_literals
from policies.job import Job
from tools.errors import HostUnreachable
from tools.ports import Exited, JobStart, NotStarted, PodSession, RemoteHome, Running, Vanished
from tools.spend_log.rows import OrderRow

GRACE_SECONDS = 15
"""Between SIGTERM and SIGKILL when a job is stopped."""


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
    """We stopped the job, or did not start it."""

    why: str
    cancelled: bool


Attended = JobEnded | JobLost | JobStopped


async def start(parts: Parts, order: OrderRow, session: PodSession) -> RemoteHome | JobStopped:
    """Put the files in place and start the job, once however often this is called.

    Raises:
        HostUnreachable, TransferFailed: try again.
        MissingVariable: the job can't be started without it; one that runs needs none.
    """
    home = await find_home(parts, order, session)
    parts.log.mark_order(order.order_id, on_volume=home.on_volume)
    await deadman.arm(parts, order, session, home)
    if order.job_started and not isinstance(await session.job_state(home), NotStarted):
        return home
    run = parts.run(order.run_id)
    job = parts.job(run.run_id)
    env, _ = resolve(job, parts.variables, secret_literals(run.job_path))
    folder = parts.home.run(run.run_id)
    going_on = goes_on(job, folder)
    if not going_on:
        put_synced_away(folder, f"before-{order.attempt}")
    uploading = _upload(session, home, folder, job, restore=going_on)
    stopped = await unless(parts.clock, uploading, lambda: _reason_to_stop(parts, order))
    if stopped is not None:
        return stopped
    if not order.job_started:
        put_away(folder, f"before-{order.attempt}")
    parts.log.mark_order(order.order_id, job_started=True)
    ends, warn = lease_end(order, parts.hour), warn_seconds(order, parts.hour)
    command = job.resume if going_on else job.run
    await session.start_job(home, JobStart(run.run_id, job.setup, command, env, ends, warn))
    what = "the job goes on from its synced outputs" if going_on else "the job runs"
    parts.face.tell(order.run_id, f"{what} in {home.path}; its log follows")
    return home


async def find_home(parts: Parts, order: OrderRow, session: PodSession) -> RemoteHome:
    """The run's folder on a pod.

    Raises:
        HostUnreachable: no answer; or the folder lay on a volume that is not there now. A pod that starts again answers
            before it has mounted its volume, and another folder, with nothing in it, says nothing about the job.
    """
    home = await session.home(order.run_id)
    stored = parts.log.order(order.order_id) or order
    if stored.on_volume and not home.on_volume:
        raise HostUnreachable("the volume is not mounted yet")
    return home


async def _upload(session: PodSession, home: RemoteHome, folder: RunFolder, job: Job, *, restore: bool) -> None:
    if folder.workdir.exists():
        await session.upload(folder.workdir, f"{home.path}/work")
    for number, (remote, _) in enumerate(job.file_mounts, start=1):
        single = folder.mount(number, single_file=True)
        if single.exists():
            await session.upload(single, str(PurePosixPath(remote).parent))
        else:
            await session.upload(folder.mount(number, single_file=False), remote)
    if restore:
        await session.restore(home, folder.synced)


async def attend(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> Attended:
    """Copy the log until the job ends, or stop the job.

    Raises:
        HostUnreachable: the connection was lost; nothing is known about the job.
    """
    async with (
        watched(parts, order, session, home),
        deadman.signs_of_life(parts, session, home),
        synced(parts, order, session, home),
    ):
        copying = copy_log(parts, order, session, home)
        stopped = await unless(parts.clock, copying, lambda: _reason_to_stop(parts, order))
    job = await session.job_state(home)
    if stopped is not None and (stopped.cancelled or isinstance(job, Running)):
        await session.stop_job(home, GRACE_SECONDS)
        return stopped
    match job:
        case Exited(code=code):
            if parts.job(order.run_id).resume and ran_out_of_memory(parts, order.run_id, code):
                await unless(parts.clock, sync_once(parts, order, session, home), lambda: _reason_to_stop(parts, order))
            note_job_end(parts, order.run_id, code)
            return JobEnded(code)
        case Vanished() | Running():
            return JobLost("the job is gone without an exit code: the pod restarted, or something killed it")
        case NotStarted():
            return JobLost("the pod does not know the job")


def _reason_to_stop(parts: Parts, order: OrderRow) -> JobStopped | None:
    if parts.run(order.run_id).cancel_requested:
        return JobStopped("cancelled while the job ran", cancelled=True)
    if parts.clock.now() >= stop_job_at(order, parts.hour):
        why = f"stopped before the paid {order.hours} h end, so that the outputs come home"
        return JobStopped(why, cancelled=False)
    if not parts.spends:
        return JobStopped("stopped by a sweep, since nobody drove the run any more", cancelled=False)
    return None
