"""Submitting a job: everything is checked and snapshotted before a run exists."""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from pathlib import Path, PurePosixPath

import yaml

from agent.folders import RunFolder, write_atomically
from agent.parts import Parts
from agent.variables import missing_variables
from policies.job import Job, job_fields, read_job, to_json
from policies.money import Cents
from tools.errors import SwineherdError
from tools.ports import Packer
from tools.spend_log.peak_rows import Work
from tools.spend_log.rows import NewRun

UNDERSTOOD = "understood"
"""The event that says how a description was read."""


class BadJob(SwineherdError):
    """The job can't be submitted; the message says what to change. Exit code 2."""


@dataclass(frozen=True, slots=True)
class ReadJob:
    """A job with its file and what the reader wants to say."""

    job: Job
    path: Path
    warnings: tuple[str, ...]
    label: str = ""
    """What tells it from the others of its batch."""
    folder: Path | None = None
    """Where its paths begin; None for the folder of its file."""
    stays: frozenset[Path] = frozenset()
    """Resolved paths of files that go to no pod."""
    understood: Mapping[str, str] = field(default_factory=dict)
    """Field → its value and where it is from, of a job that was described in words."""
    estimated_gb: Decimal | None = None
    """GiB, where `vram_gb` is an estimate of ours."""

    @property
    def base(self) -> Path:
        """The folder that its relative paths are of."""
        return self.path.parent if self.folder is None else self.folder


def load_job(path: Path, ignore: frozenset[str], *, described: bool = False) -> ReadJob:
    """Read a job file.

    Args:
        described: `run` may be missing where there is a description; whoever asks for that fills it in.

    Raises:
        BadJob: there is no such file, or it is not text.
        JobFileError: it is not a job; every problem is named.
    """
    read = read_job(job_text(path), str(path), ignore, described=described)
    return ReadJob(read.job, path.resolve(), read.warnings)


def job_text(path: Path) -> str:
    """What stands in a job file. Raises `BadJob` where there is no such file, or it or its name is not text."""
    try:
        str(path).encode()
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BadJob(f"{path}: no such file (a job in words is given as one argument, in quotes)") from error
    except UnicodeEncodeError as error:
        raise BadJob(f"{str(path)!r}: the name of a job file must be UTF-8: rename it") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadJob(f"{path}: {error}") from error


def submit(
    parts: Parts, packer: Packer, read: ReadJob, *, ceiling: Cents | None = None, outputs: Path | None = None
) -> str:
    """Snapshot the job's files and write the run down. Returns its id; nothing is spent.

    Args:
        ceiling: `--max-usd`; only ever lowers the job's own budget.
        outputs: `--outputs`.

    Raises:
        BadJob: a variable is missing, a folder or mount can't be read, or `outputs` can't be written.
    """
    check(parts, read.job)
    if outputs is not None:
        check_writable(outputs)
    run = prepare(parts, packer, read, ceiling=ceiling, outputs=outputs)
    parts.log.add_run(run)
    note_understood(parts, run.run_id, read)
    return run.run_id


def note_understood(parts: Parts, run_id: str, read: ReadJob) -> None:
    """Keep how a description was read, and say it to whoever follows the run."""
    if read.understood:
        parts.log.note(run_id, UNDERSTOOD, dict(read.understood), parts.clock.now())
        lines = (f"{name} {value}" for name, value in read.understood.items())
        parts.face.tell(run_id, f"understood: {'; '.join(lines)}")


def check(parts: Parts, job: Job) -> None:
    """Refuse what can't run here. Raises `BadJob` for a variable that is not set, or a mount that is not allowed."""
    _check_variables(job, parts.variables)
    check_where_mounted(parts, job)


def prepare(parts: Parts, packer: Packer, read: ReadJob, *, ceiling: Cents | None, outputs: Path | None) -> NewRun:
    """Make the run's folder with its snapshot; whoever calls writes the run down. Where that fails nothing is left.

    Raises:
        BadJob: a folder or mount is not there.
        TransferFailed: one can't be read whole.
    """
    job, run_id = read.job, parts.new_id(slug(read.job.name))
    folder = parts.home.run(run_id)
    try:
        contents = _filled(parts, packer, read, folder, run_id)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return NewRun(
        run_id=run_id,
        name=job.name,
        job_json=to_json(job),
        job_sha256=fingerprint(job, contents),
        job_path="" if read.folder else str(read.path),
        ceiling=_lower(job.budget, ceiling),
        outputs_dir=str((outputs or folder.outputs).absolute()),
        created_at=parts.clock.now(),
        home=parts.home_id,
        work=work_to_do(parts.home_id, read),
    )


def _filled(parts: Parts, packer: Packer, read: ReadJob, folder: RunFolder, run_id: str) -> dict[str, str]:
    """Make a run's folder. Returns remote path → SHA-256 of what it takes along."""
    sources = _sources(folder, read.job, read.base)
    folder.make()
    contents, left_out = _snapshot(packer, sources, _at_home(read))
    for line in left_out:
        parts.face.tell(run_id, f"warning: not uploaded: {line}")
    write_atomically(folder.job_file, yaml.safe_dump(job_fields(read.job), sort_keys=False, allow_unicode=True))
    return contents


def _at_home(read: ReadJob) -> frozenset[Path]:
    """A job file with literal secrets lies in no snapshot: they are kept nowhere but in it."""
    has_literals = any(value is not None for _, value in read.job.secrets)
    return read.stays | {read.path} if has_literals else read.stays


def _check_variables(job: Job, environment: Mapping[str, str]) -> None:
    literals = {name: value for name, value in job.secrets if value is not None}
    missing = missing_variables(job, environment, literals)
    if missing:
        raise BadJob(f"not set in the environment: {', '.join(missing)} (the job asks for them with `null`)")


def check_where_mounted(parts: Parts, job: Job) -> None:
    """Refuse mounts that a sandbox's pod can't have. Raises `BadJob`."""
    outside = [remote for remote, _ in job.file_mounts if not remote.startswith("~/")]
    if outside and not parts.absolute_mounts:
        names = ", ".join(outside)
        raise BadJob(f"file_mounts: {names}: the sandbox's pods share this machine's files, mount below ~/ instead")


def check_writable(outputs: Path) -> None:
    """Results that have nowhere to go would be noticed only after they were paid for."""
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=outputs):
            pass
    except OSError as error:
        raise BadJob(f"--outputs: {outputs} can't be written: {error.strerror}") from error


def slug(name: str) -> str:
    """The readable part of a run id: `[a-z0-9-]+`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "job"


@dataclass(frozen=True, slots=True)
class _Source:
    """A folder or file of this machine that the job takes along."""

    remote: str
    local: Path
    archive: Path
    name: str | None = None


def _sources(folder: RunFolder, job: Job, base: Path) -> list[_Source]:
    """What is to be packed. Raises `BadJob` for what is not there."""
    sources = []
    if job.workdir is not None:
        local = _there(base, job.workdir, "workdir")
        if not local.is_dir():
            raise BadJob(f"workdir: {local} is not a folder")
        sources.append(_Source("workdir", local, folder.workdir))
    for number, (remote, path) in enumerate(job.file_mounts, start=1):
        local = _there(base, path, f"file_mounts.{remote}")
        archive = folder.mount(number, single_file=local.is_file())
        sources.append(_Source(remote, local, archive, PurePosixPath(remote).name))
    return sources


def _snapshot(packer: Packer, sources: list[_Source], at_home: frozenset[Path]) -> tuple[dict[str, str], list[str]]:
    """Pack the sources as they are now.

    Returns remote path → SHA-256 of the content, and what was left out with the reason.
    """
    contents, left_out = {}, []
    for source in sources:
        packed = packer(source.local, source.archive, source.name, at_home=at_home)
        contents[source.remote] = packed.sha256
        left_out += [f"{source.remote}: {left}" for left in packed.skipped]
    return contents, left_out


def _there(base: Path, local: str, field: str) -> Path:
    source = place_of(base, local, field)
    if not source.exists():
        raise BadJob(f"{field}: {source} is not there")
    return source


def place_of(base: Path, local: str, field: str) -> Path:
    """The absolute path that a job file names. Raises `BadJob` where it is none: no such user, a loop, too long."""
    try:
        place = (base / Path(local).expanduser()).resolve()
        place.exists()
    except (OSError, RuntimeError) as error:
        raise BadJob(f"{field}: {local}: {error}") from error
    return place


def fingerprint(job: Job, contents: Mapping[str, str]) -> str:
    """SHA-256 of what a yes covers: the commands, the files' content, and the names of the variables."""
    covered = {
        "setup": job.setup,
        "run": job.run,
        "resume": job.resume,
        "files": dict(contents),
        "envs": [[name, value] for name, value in job.envs],
        "secrets": [name for name, _ in job.secrets],
        "outputs": list(job.outputs),
    }
    return sha256(json.dumps(covered, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def work_of(read: ReadJob) -> str:
    """SHA-256 of commands, places of files, names of variables and outputs: what a job does, whatever is in its files.

    A schedule is there to run the same commands on what lies there each night. Raises `BadJob` where a path is none.
    """
    job = read.job
    named = dict(job.file_mounts) | ({"workdir": job.workdir} if job.workdir is not None else {})
    return fingerprint(job, {remote: str(place_of(read.base, local, remote)) for remote, local in named.items()})


def work_to_do(home_id: str, read: ReadJob) -> Work | None:
    """What tells that an earlier run's peak is one of the same job; None where a path is none.

    Commands and variables, the files' places on this machine, and what the description says of the model, by its
    estimate. Not what is in the files: an edited line would lose all that is known. Not the name: `train` is many jobs.
    """
    try:
        known = [home_id, work_of(read), None if read.estimated_gb is None else str(read.estimated_gb)]
    except BadJob:
        return None
    return Work(sha256(json.dumps(known).encode()).hexdigest(), read.estimated_gb)


def _lower(first: Cents | None, second: Cents | None) -> Cents | None:
    known = [ceiling for ceiling in (first, second) if ceiling is not None]
    return min(known) if known else None
