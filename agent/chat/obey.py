"""What comes of a command from a chat. Nothing here spends or drives: a worker takes up what was submitted."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from agent.approvals import fresh_offer
from agent.chat.commands import HELP, Cancel, Command, Freeze, FreshOffer, Help, RunFile, RunText
from agent.chat.jobs import job_below, pasted_job
from agent.parts import Parts
from agent.submit import BadJob, ReadJob, check, prepare
from policies.file_problem import FileError, FileProblem
from tools.errors import TransferFailed
from tools.ports import Packer
from tools.spend_log.port import NotRecorded
from tools.spend_log.rows import ENDED


@dataclass(frozen=True, slots=True)
class Heard:
    """What is said back.

    Attributes:
        run_id: the run that it led to, or "".
    """

    words: str
    run_id: str = ""
    done: bool = True
    """False where nothing came of it."""


async def obey(parts: Parts, packer: Packer, jobs: Path, command: Command, by: str) -> Heard:
    """Do what was asked for.

    Args:
        jobs: the folder below which job files may be run.
        by: who, and from where.
    """
    match command:
        case RunFile() | RunText():
            return await _run(parts, packer, jobs, command)
        case FreshOffer(run_id, question_id):
            return _fresh_offer(parts, run_id, question_id, by)
        case Cancel(run_id):
            return _cancel(parts, run_id, by)
        case Freeze():
            parts.log.freeze(f"frozen by {by}", parts.clock.now())
            return Heard("spending is frozen; polling, collecting and ending pods go on")
        case Help():
            return Heard(" · ".join(HELP))
        case _:
            assert_never(command)


async def _run(parts: Parts, packer: Packer, jobs: Path, command: RunFile | RunText) -> Heard:
    try:
        read = _read(parts, jobs, command)
        check(parts, read.job)
        run = await asyncio.to_thread(prepare, parts, packer, read, ceiling=None, outputs=None)
    except FileError as error:
        return Heard("; ".join(_told(problem, command) for problem in error.problems), done=False)
    except (BadJob, TransferFailed) as error:
        return Heard(str(error), done=False)
    parts.log.add_run(run)
    return Heard("; ".join([f"submitted {run.run_id}", *read.warnings]), run.run_id)


def _told(problem: FileProblem, command: RunFile | RunText) -> str:
    """A file that was only named may be any file below the folder; who pasted a text knows what is in it."""
    return problem.unquoted() if isinstance(command, RunFile) else str(problem)


def _read(parts: Parts, jobs: Path, command: RunFile | RunText) -> ReadJob:
    if isinstance(command, RunFile):
        return job_below(jobs, command.name, parts.home.path)
    return pasted_job(command.text, parts.policy.chat.job_envs)


def _fresh_offer(parts: Parts, run_id: str, question_id: str, by: str) -> Heard:
    run, asked = parts.log.run(run_id), parts.log.approval(run_id)
    if run is None:
        return Heard(f"there is no run {run_id[:80]}", done=False)
    question_id = question_id or (asked.approval_id if asked is not None else "")
    said = fresh_offer(parts, run_id, question_id, by=by)
    if isinstance(said, NotRecorded):
        return Heard(f"{run_id}: no fresh offer is made: {said.reason}", run_id, done=False)
    return Heard(f"{run_id}: a fresh offer is made, and asked about", run_id)


def _cancel(parts: Parts, run_id: str, by: str) -> Heard:
    run = parts.log.run(run_id)
    if run is None:
        return Heard(f"there is no run {run_id[:80]}", done=False)
    if run.status in ENDED:
        return Heard(f"{run_id} has ended already: {run.status}", run_id, done=False)
    parts.log.request_cancel(run_id, parts.clock.now(), by)
    return Heard(f"{run_id} is being cancelled: what is there is fetched, and the pod ended", run_id)
