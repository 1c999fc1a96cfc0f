"""Runs in the log: submitted, stepping, ended. Every function works inside the caller's transaction."""

from datetime import datetime

from tools.spend_log import homes, parking, peaks
from tools.spend_log.chain import append
from tools.spend_log.codec import decode, encode, to_text
from tools.spend_log.database import insert, one, rows
from tools.spend_log.rows import ENDED, Awaited, NewRun, Run, RunStatus
from tools.spend_log.sql import Database

_WOKEN_BY_CANCEL = (Awaited.HUMAN, Awaited.PAYMENT, Awaited.DEPLOY, Awaited.TURN)
"""What else a run may wait for goes on for a while after a cancel, and is looked at soon enough."""


def add(db: Database, run: NewRun) -> None:
    """Keep a new run; ValueError when its id is taken."""
    if find(db, run.run_id) is not None:
        raise ValueError(f"there is a run {run.run_id} already")
    insert(db, "runs", {name: value for name, value in encode(run).items() if name not in {"home", "work"}})
    homes.keep(db, run.run_id, run.home)
    peaks.keep_work(db, run.run_id, run.work)
    append(db, run.created_at, "run_added", {"name": run.name, "job_sha256": run.job_sha256}, run_id=run.run_id)


def find(db: Database, run_id: str) -> Run | None:
    row = one(db, "SELECT * FROM runs WHERE run_id = ?", run_id)
    return decode(Run, row) if row else None


def need(db: Database, run_id: str) -> Run:
    """LookupError when there is no such run."""
    run = find(db, run_id)
    if run is None:
        raise LookupError(f"no run {run_id}")
    return run


def listed(db: Database, *, unfinished: bool, limit: int) -> list[Run]:
    """Newest first."""
    where = "ended_at IS NULL" if unfinished else "true"
    return [decode(Run, row) for row in rows(db, "runs", where, order_by="seq DESC", limit=limit)]


def adrift(db: Database, limit: int, home: str) -> list[str]:
    """See `Driving.adrift`."""
    found = db.query(_ADRIFT, {"left": RunStatus.WAITING_FOR_HUMAN.value, "limit": limit, "home": home})
    return [row["run_id"] for row in found]


_ADRIFT = (
    "SELECT run_id FROM runs WHERE ended_at IS NULL AND (status <> :left OR cancel_requested = 1)"  # noqa: S608
    " AND NOT EXISTS (SELECT 1 FROM parked WHERE parked.run_id = runs.run_id)"
    " AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.run_id = runs.run_id)"
    " AND (started_at IS NOT NULL OR cancel_requested = 1"
    " OR NOT EXISTS (SELECT 1 FROM batch_jobs WHERE batch_jobs.run_id = runs.run_id))"
    f" AND {homes.at_home('runs.run_id')} ORDER BY seq LIMIT :limit"
)


def counted(db: Database) -> dict[RunStatus, int]:
    """See `Driving.count_runs`."""
    found = db.query("SELECT status, count(*) AS n FROM runs GROUP BY status")
    return {RunStatus(row["status"]): row["n"] for row in found}


def enter_step(db: Database, run_id: str, step: str, now: datetime) -> None:
    run = need(db, run_id)
    db.execute("UPDATE runs SET step = ? WHERE run_id = ?", [step, run_id])
    if run.started_at is None and run.ended_at is None:
        change = "UPDATE runs SET started_at = ?, status = ? WHERE run_id = ?"
        db.execute(change, [to_text(now), RunStatus.ACTIVE.value, run_id])
    append(db, now, "step", {"step": step}, run_id=run_id)


def set_status(
    db: Database, run_id: str, status: RunStatus, now: datetime, reason: str, codes: tuple[int | None, int | None]
) -> None:
    """`codes` are the run's exit code and the job's."""
    run = need(db, run_id)
    if run.ended_at is not None:
        raise ValueError(f"run {run_id} ended as {run.status}")
    ended = to_text(now) if status in ENDED else None
    db.execute(
        "UPDATE runs SET status = ?, reason = ?, code = ?, job_exit_code = ?, ended_at = ? WHERE run_id = ?",
        [status.value, reason, *codes, ended, run_id],
    )
    append(db, now, "status", {"status": status, "reason": reason, "code": codes[0]}, run_id=run_id)


def request_cancel(db: Database, run_id: str, now: datetime, by: str) -> None:
    """Once: a run that ended, or is to be cancelled already, stays as it is."""
    run = need(db, run_id)
    if run.cancel_requested or run.ended_at is not None:
        return
    db.execute("UPDATE runs SET cancel_requested = 1 WHERE run_id = ?", [run_id])
    parking.hasten(db, run_id, _WOKEN_BY_CANCEL)
    append(db, now, "cancel_requested", {"by": by}, run_id=run_id)
