"""Jobs that a model writes: read as a file's are, and they name nothing outside one folder (law 5)."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from agent.chat.jobs import is_open, job_below, unlisted
from agent.mind.folder import folder_for, stays_here
from agent.mind.intake import reader_of
from agent.mind.tool_forms import JobNeeds, Needs, SubmitNeeds
from agent.parts import Parts
from agent.submit import BadJob, ReadJob, place_of
from policies.file_problem import FileProblem
from policies.job import Job, JobFileError, read_job

WRITTEN = "the job"
NO_COMMAND = "true"
"""Stands for the command where only a price is asked for."""


@dataclass(frozen=True, slots=True)
class Written:
    """Reads what a model wrote.

    Attributes:
        folder: where its jobs' files are.
    """

    parts: Parts
    folder: Path

    async def job(self, needs: JobNeeds, gpu: str | None, hours: float | None) -> ReadJob:
        """A job that may be submitted.

        Raises:
            Unclear: something is left open; the message has the question.
            BadJob: it names what it may not, or its folder can't go to a pod.
            JobFileError: it is no job.
        """
        top = self.top()
        if isinstance(needs, SubmitNeeds) and needs.job_file is not None:
            return await asyncio.to_thread(self._of_file, needs, needs.job_file, top)
        read = read_job(_as_file(needs, gpu, hours), WRITTEN, described=True)
        self.check(read.job, top)
        stays = await asyncio.to_thread(stays_here, top)
        whole = ReadJob(read.job, top / WRITTEN, read.warnings, folder=top, stays=stays)
        done, _ = await reader_of(self.parts, None).file(whole)
        self.check(done.job, top)
        return done

    def _of_file(self, needs: SubmitNeeds, name: str, top: Path) -> ReadJob:
        if others := sorted(needs.model_dump(exclude_defaults=True).keys() - {"job_file"}):
            raise BadJob(f"job_file goes alone: leave out {', '.join(others)}, or write them into the file")
        try:
            read = job_below(top, name, self.parts.home.path)
        except JobFileError as error:
            raise JobFileError([_unquoted(problem) for problem in error.problems]) from error
        if problems := list(unlisted(read.job, self.parts.policy.chat.job_envs)):
            raise BadJob(_in_terminal(problems))
        return replace(read, stays=read.stays | stays_here(top))

    def top(self) -> Path:
        """The folder, which must be one that may go to a pod. Raises `BadJob`."""
        return folder_for(self.folder, self.parts.home.path)

    def check(self, job: Job, top: Path) -> None:
        """Only what lies below the folder goes along, and only listed variables. Raises `BadJob`."""
        if job.workdir is not None and not is_open(place_of(top, job.workdir, "workdir"), top, self.parts.home.path):
            raise BadJob("workdir: only the folder of these tools or one below it, not hidden, goes to a pod")
        if job.file_mounts:
            raise BadJob("file_mounts are not taken: files go along in the workdir")
        if problems := list(unlisted(job, self.parts.policy.chat.job_envs)):
            raise BadJob(_in_terminal(problems))


async def priced(parts: Parts, needs: Needs, gpu: str | None, hours: float | None) -> ReadJob:
    """A job that can be priced: what it runs does not matter, and no file is looked at.

    Raises:
        JobFileError: as `Written.job` does.
    """
    fields = _resources(needs, gpu, hours) | {"run": NO_COMMAND}
    read = read_job(yaml.safe_dump(fields, allow_unicode=True), WRITTEN)
    done, _ = await reader_of(parts, None).file(ReadJob(read.job, Path(WRITTEN), read.warnings))
    return done


def _as_file(needs: JobNeeds, gpu: str | None, hours: float | None) -> str:
    """A job file with what was filled in."""
    names = {
        "name": needs.name,
        "workdir": needs.workdir,
        "setup": needs.setup,
        "run": needs.run,
        "outputs": needs.outputs,
        "envs": needs.envs,
        # The values are of the human's machine: as secrets they get into no log.
        "secrets": dict.fromkeys(needs.env_names),
    }
    filled = {name: value for name, value in names.items() if value}
    return yaml.safe_dump(_resources(needs, gpu, hours) | filled, allow_unicode=True)


def _resources(needs: Needs, gpu: str | None, hours: float | None) -> dict[str, object]:
    fields = {"description": needs.description, "budget_usd": needs.budget_usd, "hours": _hours(hours)}
    resources = {"accelerators": gpu, "vram_gb": needs.vram_gb}
    known: dict[str, object] = {name: value for name, value in fields.items() if value is not None}
    return known | {"resources": {name: value for name, value in resources.items() if value is not None}}


def _hours(hours: float | None) -> float | int | None:
    """With as many decimals as a job file may have."""
    if hours is None or hours == int(hours):
        return None if hours is None else int(hours)
    return max(round(hours, 4), 0.0001)


def _unquoted(problem: FileProblem) -> FileProblem:
    """Whoever names a file need not have seen it: what is in one that is no job file is not told."""
    return FileProblem(problem.file, problem.line, problem.field, problem.expected, "something else", problem.remedy)


def _in_terminal(problems: list[str]) -> str:
    return f"{'; '.join(problems)}: a human adds it there, or runs this job in a terminal"
