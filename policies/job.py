"""A job: what to run, on what, for how long and for how much. Read from a job file; written as canonical JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from policies import job_file as read
from policies import matrix, skypilot
from policies.file_problem import FileError, FileProblem, shown
from policies.job_file import Notes
from policies.money import Cents, usd
from policies.tree import Entry, Scalar, Table, Tree, Unreadable, from_yaml, is_nothing, kind_of
from policies.tree import from_json as tree_from_json


@dataclass(frozen=True, slots=True)
class Job:
    """A checked job. Pairs are in order of their first part, so that equal jobs have equal JSON.

    Attributes:
        workdir: folder to upload, as written (relative to the job file), or None.
        file_mounts: (path on the pod, local path).
        envs: (name, value), None for a value from the environment of the process that drives the run.
        secrets: like `envs`; a literal leaves this value for the pod only.
        accelerators: names as written; the first is what `hours` is expected on.
        hours: expected, above 0; None where nobody said.
        budget: ceiling of the run, retries included.
        outputs: globs below the remote workdir.
        resume: run instead of `run` on a later pod, or "".
    """

    run: str
    name: str = "job"
    description: str = ""
    workdir: str | None = None
    file_mounts: tuple[tuple[str, str], ...] = ()
    envs: tuple[tuple[str, str | None], ...] = ()
    secrets: tuple[tuple[str, str | None], ...] = ()
    setup: str = ""
    accelerators: tuple[str, ...] = ()
    vram_gb: int | None = None
    min_compute_capability: tuple[int, int] | None = None
    hours: Decimal | None = None
    budget: Cents | None = None
    outputs: tuple[str, ...] = ()
    resume: str = ""

    @property
    def complete(self) -> bool:
        """Nothing is left open that a description could say."""
        said = (self.run, self.hours, self.budget, self.outputs, self.accelerators or self.vram_gb)
        return all(said)

    def __repr__(self) -> str:
        """The canonical JSON: a traceback or a log line must not show a secret."""
        return f"Job({to_json(self)})"


@dataclass(frozen=True, slots=True)
class JobFile:
    """A job as read from its file, with what the reader wants to say about it."""

    job: Job
    warnings: tuple[str, ...]
    label: str = ""
    """Which combination of its file's `matrix` this is, e.g. `LR=0.1 SEED=2`."""


class JobFileError(FileError):
    """The job file can't be used; `problems` has every reason."""


TOP: Mapping[str, read.Reader[object]] = {
    "name": read.job_name,
    "description": read.text,
    "workdir": read.workdir,
    "file_mounts": read.file_mounts,
    "envs": read.envs,
    "secrets": read.envs,
    "setup": read.text,
    "run": read.text,
    "hours": read.hours,
    "budget_usd": read.budget,
    "outputs": read.outputs,
    "resume": read.text,
}
RESOURCES: Mapping[str, read.Reader[object]] = {
    "accelerators": read.accelerators,
    "vram_gb": read.vram_gb,
    "min_compute_capability": read.capability,
}
_ATTRIBUTES = {"budget_usd": "budget"}


def read_job(text: str, file: str, ignore: frozenset[str] = frozenset(), *, described: bool = False) -> JobFile:
    """Read a job file.

    Args:
        file: its name, for messages only.
        ignore: fields that would change what runs and are left out all the same, by dotted name or last part.
        described: `run` may be missing where there is a description to read; it is "" then.

    Raises:
        JobFileError: with every problem found, never with the value of a secret; or the file has a `matrix`.
    """
    jobs = read_jobs(text, file, ignore, described=described)
    if len(jobs) > 1 or jobs[0].label:
        found, remedy = f"{len(jobs)} combinations of them", "`swineherd batch` runs them all."
        raise JobFileError([FileProblem(file, None, matrix.FIELD, "one job", found, remedy)])
    return jobs[0]


def read_jobs(
    text: str, file: str, ignore: frozenset[str] = frozenset(), *, described: bool = False
) -> tuple[JobFile, ...]:
    """Read a job file that may have a `matrix`: one job for each combination, at least one.

    Raises:
        JobFileError: as `read_job` does.
    """
    try:
        return _variations(from_yaml(text), file, ignore, described=described)
    except Unreadable as error:
        raise JobFileError([error.problem(file)]) from error


def read_json_jobs(text: str, file: str, ignore: frozenset[str] = frozenset()) -> tuple[JobFile, ...]:
    """The same from JSON, as one of the lines of a batch. A literal secret is refused: no file keeps it.

    Raises:
        JobFileError: as `read_job` does.
    """
    try:
        jobs = _variations(tree_from_json(text), file, ignore)
    except Unreadable as error:
        raise JobFileError([error.problem(file)]) from error
    literal = [name for name, value in jobs[0].job.secrets if value is not None]
    if literal:
        remedy = "Write null here, and set it in the environment."
        raise JobFileError([FileProblem(file, None, f"secrets.{literal[0]}", "null", "a value", remedy)])
    return jobs


def _variations(tree: Tree, file: str, ignore: frozenset[str], *, described: bool = False) -> tuple[JobFile, ...]:
    notes = Notes(file, ignore)
    written = matrix.variations(notes, _root(notes, tree))
    if notes.problems:
        raise JobFileError(notes.problems)
    return tuple(_variation(Notes(file, ignore), label, root, described=described) for label, root in written)


def _variation(notes: Notes, label: str, root: Table, *, described: bool) -> JobFile:
    return JobFile(_job(notes, root, described=described), tuple(notes.warnings), label)


def from_json(text: str) -> Job:
    """Read what `to_json` wrote, through the same checks as a file's; secrets come back as names with None.

    Raises:
        JobFileError: as `read_job` does.
    """
    try:
        notes = Notes("job.json", frozenset())
        return _job(notes, _root(notes, tree_from_json(text)))
    except Unreadable as error:
        raise JobFileError([error.problem("job.json")]) from error


def to_json(job: Job) -> str:
    """Canonical JSON: equal jobs give equal text, and no secret's literal is in it."""
    return json.dumps(job_fields(job), sort_keys=True, separators=(",", ":"))


def job_fields(job: Job) -> dict[str, object]:
    """The job in the job file's own shape, plain JSON values only. Secrets are names with null."""
    return {
        "name": job.name,
        "description": job.description,
        "workdir": job.workdir,
        "file_mounts": dict(job.file_mounts),
        "envs": dict(job.envs),
        "secrets": {name: None for name, _ in job.secrets},
        "setup": job.setup,
        "run": job.run,
        "resources": {
            "accelerators": list(job.accelerators),
            "vram_gb": job.vram_gb,
            "min_compute_capability": capability_text(job.min_compute_capability),
        },
        "hours": _number(job.hours),
        "budget_usd": None if job.budget is None else usd(job.budget),
        "outputs": list(job.outputs),
        "resume": job.resume,
    }


def without_literals(job: Job) -> Job:
    """The job as it may be stored: secrets by name only."""
    return replace(job, secrets=tuple((name, None) for name, _ in job.secrets))


def capability_text(capability: tuple[int, int] | None) -> str | None:
    """`(8, 0)` becomes `"8.0"`."""
    return None if capability is None else f"{capability[0]}.{capability[1]}"


def _number(hours: Decimal | None) -> int | float | None:
    # JSON knows one kind of number; hours have at most four decimals, which a float's shortest text gives back exactly.
    if hours is None:
        return None
    return int(hours) if hours == hours.to_integral_value() else float(hours)


def _root(notes: Notes, tree: Tree) -> Table:
    root = read.table(notes, "", Table(tree.line, ()) if is_nothing(tree) else tree)
    if root is None:
        raise JobFileError(notes.problems)
    return root


def _job(notes: Notes, root: Table, *, described: bool = False) -> Job:
    values = _values(notes, root)
    if not (described and values.get("description", "").strip()):
        _check_run(notes, root)
    _check_secrets(notes, values)
    if notes.problems:
        raise JobFileError(notes.problems)
    return Job(**{"run": ""} | values)


def _values(notes: Notes, root: Table) -> dict[str, Any]:
    """`Job`'s arguments; what is null is left to its default."""
    values: dict[str, Any] = {}
    for entry in root.entries:
        if entry.key == "resources":
            values |= _resources(notes, entry.value)
        elif entry.key == "num_nodes":
            _num_nodes(notes, entry)
        else:
            known, idle, decisive = TOP, skypilot.IDLE_TOP, skypilot.DECISIVE_TOP
            values |= _field(notes, entry, entry.key, known, idle, decisive)
    return values


def _resources(notes: Notes, value: Tree) -> dict[str, Any]:
    resources = None if is_nothing(value) else read.table(notes, "resources", value)
    values: dict[str, Any] = {}
    for entry in resources.entries if resources else ():
        name = f"resources.{entry.key}"
        known, idle, decisive = RESOURCES, skypilot.IDLE_RESOURCES, skypilot.DECISIVE_RESOURCES
        values |= _field(notes, entry, name, known, idle, decisive)
    return values


def _field(
    notes: Notes,
    entry: Entry,
    name: str,
    known: Mapping[str, read.Reader[object]],
    idle: frozenset[str],
    decisive: Mapping[str, str],
) -> dict[str, Any]:
    if entry.key in known:
        value = None if is_nothing(entry.value) else known[entry.key](notes, name, entry.value)
        return {} if value is None else {_ATTRIBUTES.get(entry.key, entry.key): value}
    if entry.key in idle:
        notes.warn(name, entry.line, "means nothing here and is ignored")
    elif entry.key not in decisive:
        notes.unknown(name, entry, {*known, "resources", "num_nodes"} if known is TOP else known)
    elif not is_nothing(entry.value):
        notes.decisive(name, entry.line, shown(entry.key), decisive[entry.key])
    return {}


def _num_nodes(notes: Notes, entry: Entry) -> None:
    if is_nothing(entry.value) or (isinstance(entry.value, Scalar) and entry.value.text == "1"):
        notes.warn("num_nodes", entry.line, "means nothing here and is ignored")
    else:
        found = shown(entry.value.text) if isinstance(entry.value, Scalar) else kind_of(entry.value)
        notes.decisive("num_nodes", entry.line, found, "A run is one pod.")


def _check_run(notes: Notes, root: Table) -> None:
    given = {entry.key: entry.value for entry in root.entries if not is_nothing(entry.value)}
    run = given.get("run")
    if run is None or (isinstance(run, Scalar) and not run.text.strip()):
        found = "a description only" if "description" in given else "nothing"
        remedy = "Add e.g. `run: python train.py`; a description alone is not enough."
        notes.problem("run", root.line, "the command to run", found, remedy)


def _check_secrets(notes: Notes, values: Mapping[str, Any]) -> None:
    for name in sorted(dict(values.get("envs", ())).keys() & dict(values.get("secrets", ())).keys()):
        notes.problem(f"secrets.{name}", None, "each variable once", "it in envs too", "Keep it in secrets only.")
