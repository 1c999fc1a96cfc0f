"""Submitting a batch: every job is checked and snapshotted, then all are written down at once, or none."""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.parts import Parts
from agent.submit import BadJob, ReadJob, check, check_where_mounted, check_writable, prepare, slug
from policies.job import Job
from policies.money import Cents
from tools.errors import IntentAlreadyOpen, SwineherdError
from tools.ports import Packed, Packer
from tools.spend_log.batch_rows import Batch, BatchJob
from tools.spend_log.rows import NewRun, Run


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a batch is to be driven, as its human said."""

    name: str
    budget: Cents | None
    max_parallel: int
    ceiling: Cents | None = None
    """`--max-usd`, for each run."""
    outputs: Path | None = None
    """Where the runs' outputs go, a folder for each; None: into the runs' own folders."""


Written = list[tuple[NewRun, BatchJob]]
"""The runs of a batch, each with its place in it."""


def submit_batch(parts: Parts, packer: Packer, jobs: Sequence[ReadJob], wanted: Wanted) -> str:
    """Write a batch down. Returns its id; nothing is spent.

    Raises:
        BadJob: a job can't run here; it is named, and no batch exists.
    """
    _refuse_taken(parts, [folder for folder in _folders(wanted, jobs) if folder is not None])
    batch, written = prepare_batch(parts, packer, jobs, wanted)
    try:
        parts.log.add_batch(batch, written)
    except BaseException:
        discard_unwritten(parts, batch, written)
        raise
    return batch.batch_id


def prepare_batch(parts: Parts, packer: Packer, jobs: Sequence[ReadJob], wanted: Wanted) -> tuple[Batch, Written]:
    """A batch that is not written down yet, with a folder and a snapshot for each of its runs.

    It asks nothing of the spend log, so that a thread may do it.

    Raises:
        BadJob: a job can't run here; it is named, and no folder is left.
    """
    _check_all(parts, jobs)
    if wanted.outputs is not None:
        check_writable(wanted.outputs)
    batch_id = parts.new_id(f"batch-{slug(wanted.name)}")
    shared = SharedSnapshots(packer)
    written: Written = []
    try:
        for position, (job, outputs) in enumerate(zip(jobs, _folders(wanted, jobs), strict=True), 1):
            run = prepare(parts, shared, job, ceiling=wanted.ceiling, outputs=outputs)
            written.append((run, BatchJob(run.run_id, batch_id, position, job.label)))
    except BaseException:
        discard(parts, written)
        raise
    return Batch(batch_id, wanted.name, wanted.budget, wanted.max_parallel, parts.clock.now()), written


def _folders(wanted: Wanted, jobs: Sequence[ReadJob]) -> list[Path | None]:
    """Where the outputs of each job go."""
    return [wanted.outputs and wanted.outputs / f"{n:03}-{slug(job.label)}" for n, job in enumerate(jobs, 1)]


def discard_unwritten(parts: Parts, batch: Batch, written: Written) -> None:
    """After a failure to write a batch down: its folders go only where it is known that it was not.

    A server's answer to a commit may be lost. Folders of nobody cost room; a batch without its folders costs the night.
    """
    with suppress(SwineherdError):
        if parts.log.batch(batch.batch_id) is None:
            discard(parts, written)


def discard(parts: Parts, written: Written) -> None:
    """Remove the folders of runs that were not written down."""
    for run, _ in written:
        shutil.rmtree(parts.home.run(run.run_id).path, ignore_errors=True)


def _check_all(parts: Parts, jobs: Sequence[ReadJob]) -> None:
    _each_checked(jobs, lambda job: check(parts, job))


def check_mounts(parts: Parts, jobs: Sequence[ReadJob]) -> None:
    """What can be said before the jobs are submitted, whatever the environment is then. Raises `BadJob`."""
    _each_checked(jobs, lambda job: check_where_mounted(parts, job))


def _each_checked(jobs: Sequence[ReadJob], check_one: Callable[[Job], None]) -> None:
    """One look names every job that has a problem."""
    problems = []
    for job in jobs:
        try:
            check_one(job.job)
        except BadJob as error:
            problems.append(f"{job.label}: {error}")
    if problems:
        raise BadJob("\n".join(problems))


def _refuse_taken(parts: Parts, folders: Sequence[Path]) -> None:
    """Results of two batches in one folder could not be told apart. Raises `BadJob`."""
    others = {run.outputs_dir for run in parts.log.runs(unfinished=True)}
    taken = [folder for folder in folders if str(folder.absolute()) in others or _has_files(folder)]
    if taken:
        more = f" (and {len(taken) - 1} more)" if len(taken) > 1 else ""
        raise BadJob(f"--outputs: {taken[0]}{more} has, or will have, outputs of another run: choose another folder")


def _has_files(folder: Path) -> bool:
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))


def try_again(parts: Parts, run: Run, job: BatchJob) -> str | None:
    """The same job once more, from the same snapshot, at its place in the batch.

    Returns the new run's id; None where another process was quicker to try it again.

    Raises:
        BadJob: the snapshot was pruned.
    """
    run_id = parts.new_id(slug(run.name))
    before, after = parts.home.run(run.run_id), parts.home.run(run_id)
    if not before.has_snapshots:
        raise BadJob(f"{job.label}: the snapshot of {run.run_id} was pruned; submit the job in another batch")
    after.make()
    for archive in before.snapshots():
        _link(archive, after.path / archive.relative_to(before.path))
    _link(before.job_file, after.job_file)
    kept_elsewhere = Path(run.outputs_dir) != before.outputs.absolute()
    again = NewRun(
        run_id=run_id,
        name=run.name,
        job_json=run.job_json,
        job_sha256=run.job_sha256,
        job_path=run.job_path,
        ceiling=run.ceiling,
        outputs_dir=run.outputs_dir if kept_elsewhere else str(after.outputs.absolute()),
        created_at=parts.clock.now(),
        home=parts.home_id,
        work=parts.log.work_of(run.run_id),
    )
    try:
        parts.log.add_batched_run(again, replace(job, run_id=run_id))
    except IntentAlreadyOpen:
        shutil.rmtree(after.path, ignore_errors=True)
        return None
    return run_id


@dataclass(frozen=True, slots=True)
class SharedSnapshots:
    """A `Packer` that packs each folder once: the jobs of a batch often have the same workdir, and one state of it."""

    packer: Packer
    _packed: dict[tuple[Path, str | None, frozenset[Path]], tuple[Path, Packed]] = field(default_factory=dict)

    def __call__(
        self, source: Path, archive: Path, name: str | None = None, *, at_home: frozenset[Path] = frozenset()
    ) -> Packed:
        """See `tools.ports.Packer`."""
        known = self._packed.get((source, name, at_home))
        if known is None:
            packed = self.packer(source, archive, name, at_home=at_home)
            self._packed[source, name, at_home] = archive, packed
            return packed
        _link(known[0], archive)
        return known[1]


def _link(there: Path, here: Path) -> None:
    """One file under two names where the disk can do that: it is written once and never changed."""
    with suppress(OSError):
        os.link(there, here)
        return
    shutil.copy(there, here)
