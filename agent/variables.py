"""A job's variables: literals, and what the driving process' environment says (CONTRACT §4)."""

from collections.abc import Mapping
from pathlib import Path

from policies.job import Job, JobFileError, read_job


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
        job = read_job(Path(job_path).read_text(encoding="utf-8"), job_path).job
    except (OSError, UnicodeDecodeError, JobFileError):
        return {}
    return {name: value for name, value in job.secrets if value is not None}


def resolve(job: Job, environment: Mapping[str, str], literals: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The job's variables with their values, and the values that must be masked.

    Raises:
        KeyError: a variable is missing; `missing_variables` names them all.
    """
    secrets = {name: literals[name] if name in literals else environment[name] for name, _ in job.secrets}
    envs = {name: environment[name] if value is None else value for name, value in job.envs}
    return envs | secrets, list(secrets.values())


def known_secrets(job: Job, environment: Mapping[str, str], literals: Mapping[str, str]) -> list[str]:
    """The secret values that can be known here, for masking; a missing one masks nothing."""
    return [value for name, _ in job.secrets if (value := literals.get(name) or environment.get(name, ""))]
