"""Batches in the log. Every function works inside the caller's transaction."""

from collections.abc import Sequence

from policies.budget import Shared
from policies.money import Cents, usd
from tools.errors import IntentAlreadyOpen
from tools.spend_log import runs
from tools.spend_log.batch_rows import Batch, BatchJob
from tools.spend_log.chain import append
from tools.spend_log.codec import decode, encode
from tools.spend_log.database import insert, one, rows
from tools.spend_log.rows import NewRun, RunStatus
from tools.spend_log.sql import Database

_USED = """
    SELECT coalesce((SELECT sum(t.cents) FROM batch_jobs j JOIN totals t ON t.span = 'run' AND t.period = j.run_id
            WHERE j.batch_id = :batch_id), 0)
        + coalesce((SELECT sum(c.amount) FROM batch_jobs j JOIN charges c ON c.run_id = j.run_id
            WHERE j.batch_id = :batch_id AND c.settled_at IS NULL), 0) AS cents
"""
_IN_THE_WAY = (
    "SELECT r.run_id, r.status FROM batch_jobs j JOIN runs r ON r.run_id = j.run_id"
    " WHERE j.batch_id = ? AND j.position = ? AND (r.ended_at IS NULL OR r.status = ?)"
)
_BUDGET_OF_RUN = (
    "SELECT b.batch_id, b.budget FROM batch_jobs j JOIN batches b ON b.batch_id = j.batch_id"
    " WHERE j.run_id = ? AND b.budget IS NOT NULL"
)


_OF_JOB = """
    SELECT r.ceiling AS budget,
        coalesce((SELECT sum(t.cents) FROM batch_jobs o JOIN totals t ON t.span = 'run' AND t.period = o.run_id
            WHERE o.batch_id = j.batch_id AND o.position = j.position), 0)
        + coalesce((SELECT sum(c.amount) FROM batch_jobs o JOIN charges c ON c.run_id = o.run_id
            WHERE o.batch_id = j.batch_id AND o.position = j.position AND c.settled_at IS NULL), 0) AS cents
    FROM batch_jobs j JOIN runs r ON r.run_id = j.run_id WHERE j.run_id = ? AND r.ceiling IS NOT NULL
"""


def add(db: Database, batch: Batch, jobs: Sequence[tuple[NewRun, BatchJob]]) -> None:
    """Keep a new batch with all its jobs; ValueError when its id is taken."""
    if find(db, batch.batch_id) is not None:
        raise ValueError(f"there is a batch {batch.batch_id} already")
    insert(db, "batches", encode(batch))
    shown = {"batch": batch.batch_id, "name": batch.name, "budget": None if batch.budget is None else usd(batch.budget)}
    append(db, batch.created_at, "batch_added", shown)
    for run, job in jobs:
        add_run(db, run, job)


def add_run(db: Database, run: NewRun, job: BatchJob) -> None:
    """A run and its place in the batch: both or neither, so that none is ever driven outside its budget.

    Raises:
        IntentAlreadyOpen: the job has a run that has not ended, or one that succeeded: it is not run beside it.
    """
    if run.run_id != job.run_id:
        raise ValueError(f"{run.run_id} is not {job.run_id}")
    other = one(db, _IN_THE_WAY, job.batch_id, job.position, RunStatus.SUCCEEDED.value)
    if other is not None:
        raise IntentAlreadyOpen(
            f"job {job.position} of {job.batch_id} has {other['run_id']}, which is {other['status']}"
        )
    runs.add(db, run)
    insert(db, "batch_jobs", encode(job))
    body = {"batch": job.batch_id, "position": job.position}
    append(db, run.created_at, "batched", body, run_id=run.run_id)


def find(db: Database, batch_id: str) -> Batch | None:
    row = one(db, "SELECT * FROM batches WHERE batch_id = ?", batch_id)
    return decode(Batch, row) if row else None


def listed(db: Database) -> list[Batch]:
    """Newest first."""
    return [decode(Batch, row) for row in rows(db, "batches", "true", order_by="seq DESC")]


def jobs(db: Database, batch_id: str) -> list[BatchJob]:
    """By position; of those tried again the earlier run first."""
    found = db.query(
        "SELECT j.* FROM batch_jobs j JOIN runs r ON r.run_id = j.run_id WHERE j.batch_id = ?"
        " ORDER BY j.position, r.seq",
        [batch_id],
    )
    return [decode(BatchJob, row) for row in found]


def of_run(db: Database, run_id: str) -> BatchJob | None:
    row = one(db, "SELECT * FROM batch_jobs WHERE run_id = ?", run_id)
    return decode(BatchJob, row) if row else None


def shared(db: Database, run_id: str) -> Shared | None:
    """The budget of the batch that a run is of, and what all its runs used: spent, held, or in doubt."""
    row = one(db, _BUDGET_OF_RUN, run_id)
    if row is None:
        return None
    (used,) = [of_all["cents"] for of_all in db.query(_USED, {"batch_id": row["batch_id"]})]
    return Shared(Cents(used), Cents(row["budget"]))


def shared_by_tries(db: Database, run_id: str) -> Shared | None:
    """The ceiling of a batch's job, and what its tries used together: spent, held, or in doubt."""
    row = one(db, _OF_JOB, run_id)
    return Shared(Cents(row["cents"]), Cents(row["budget"])) if row else None
