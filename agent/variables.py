"""A job's variables: literals, and what the driving process' environment says (CONTRACT §4)."""

from collections.abc import Mapping
from pathlib import Path

from policies.job import Job, JobFileError, read_jobs
from tools.errors import SwineherdError


class MissingVariable(SwineherdError):
    """A variable that the job asks the environment for is not set there (any more)."""


def missing_variables(job: Job, environment: Mapping[str, str], literals: Mapping[str, str]) -> list[str]:
    """Names the job needs from the environment that are not set there."""
    named = [name for name, value in job.envs if value is None]
    named += [name for name, _ in job.secrets if name not in literals]
    return sorted(name for name in named if name not in environment)


def secret_literals(job_path: str) -> dict[str, str]:
    """Literal secrets, read again from the job file: they are kept nowhere else.

    Returns nothing where the file is gone or broken by now: the names then count as missing.
    """
    if not job_path:
        return {}
    try:
        if not Path(job_path).is_file():  # a pipe, say, that nobody writes to would be waited for
            return {}
        job = read_jobs(Path(job_path).read_text(encoding="utf-8"), job_path)[0].job
    except (OSError, UnicodeDecodeError, JobFileError):
        return {}
    return {name: value for name, value in job.secrets if value is not None}


def resolve(job: Job, environment: Mapping[str, str], literals: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The job's variables with their values, and the values that must be masked.

    Raises:
        MissingVariable: one or more are not set.
    """
    _refuse_missing(missing_variables(job, environment, literals))
    secrets = secrets_of(job, environment, literals)
    envs = {name: environment[name] if value is None else value for name, value in job.envs}
    return envs | secrets, list(secrets.values())


def secrets_of(job: Job, environment: Mapping[str, str], literals: Mapping[str, str]) -> dict[str, str]:
    """The secrets with their values, as they must be masked in every line of the job's log.

    Raises:
        MissingVariable: one or more are not set.
    """
    known = {**environment, **literals}
    _refuse_missing([name for name, _ in job.secrets if name not in known])
    return {name: known[name] for name, _ in job.secrets}


def _refuse_missing(names: list[str]) -> None:
    if names:
        raise MissingVariable(f"not set in the environment: {', '.join(names)}")
