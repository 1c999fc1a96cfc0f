"""Jobs that come through a chat: files below one folder, or text, which may name less (law 5)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.submit import BadJob, ReadJob, load_job, place_of
from policies.job import Job, read_job
from policies.job_names import is_job_file

MOST_TEXT = 32 * 1024
"""Characters of a pasted job."""
PASTED = "the pasted job"


def job_below(folder: Path, name: str, store: Path) -> ReadJob:
    """A job file of a folder, or of one in it; what it takes along lies there too.

    Args:
        store: the home, where jobs that came through a chat leave their outputs: none of those is a job file.

    Raises:
        BadJob: the name leads elsewhere, or to no job file; or the job takes files along from elsewhere.
        JobFileError: it is not a job.
    """
    file = file_below(folder, name, store)
    read, top = load_job(file, frozenset()), folder.resolve()
    for field, local in (("workdir", read.job.workdir), *read.job.file_mounts):
        place = None if local is None else place_of(file.parent, local, field)
        if place is not None and not is_open(place, top, store):
            raise BadJob(f"{field}: {local} is not below {folder}, or hidden there: run this job in a terminal")
    return read


def file_below(folder: Path, name: str, store: Path) -> Path:
    """Where a name leads, every link followed. Raises `BadJob` unless that is a YAML file below the folder."""
    if ".." in Path(name).parts:
        raise BadJob(f"{name}: a path with .. in it is not taken here: name a job file below {folder}")
    try:
        top = folder.resolve(strict=True)
        file = (top / name).resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise BadJob(f"{name}: there is no such job file below {folder}") from error
    if not file.is_relative_to(top):
        raise BadJob(f"{name}: leads out of {folder}, and only job files below it can be run from a chat")
    if not is_open(file, top, store):
        raise BadJob(f"{name}: is hidden, or lies in the store")
    if not file.is_file() or not is_job_file(file.name):
        raise BadJob(f"{name}: a job file ends in .yaml or .yml")
    return file


def is_open(place: Path, top: Path, store: Path) -> bool:
    """Whether a place below the folder is one where its owner keeps jobs and their files."""
    if not place.is_relative_to(top) or any(part.startswith(".") for part in place.relative_to(top).parts):
        return False
    return not place.is_relative_to(store.resolve())


def pasted_job(text: str, may_ask_for: Sequence[str]) -> ReadJob:
    """A job from its text.

    Args:
        may_ask_for: `chat.job_envs` of the policy: variables of this machine that it may get.

    Raises:
        BadJob: it is too long, or names what it may not.
        JobFileError: it is not a job.
    """
    if len(text) > MOST_TEXT:
        raise BadJob(f"{PASTED} is longer than {MOST_TEXT} characters: put it into a file, and say run FILE")
    read = read_job(text, PASTED)
    if problems := list(_too_much(read.job, may_ask_for)):
        raise BadJob("; ".join(problems))
    return ReadJob(read.job, Path(), read.warnings)


def _too_much(job: Job, may_ask_for: Sequence[str]) -> Iterator[str]:
    if job.workdir is not None:
        yield f"{PASTED} may not name a workdir: put it into a file beside it"
    if job.file_mounts:
        yield f"{PASTED} may not name file_mounts"
    yield from unlisted(job, may_ask_for)
    for name, value in job.secrets:
        if value is not None:
            yield f"secrets.{name}: a value would be kept nowhere: write null, and set it in the environment"


def unlisted(job: Job, may_ask_for: Sequence[str]) -> Iterator[str]:
    """Variables of this machine that a job asks for though the policy does not list them."""
    for name, value in (*job.envs, *job.secrets):
        if value is None and name not in may_ask_for:
            yield f"{name}: the policy's chat.job_envs does not list it"
