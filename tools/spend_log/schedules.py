"""Schedules and their nights in the log. Every function works inside the caller's transaction."""

import json
from datetime import datetime

from tools.spend_log import batches, standing_grants
from tools.spend_log.batch_rows import Batch
from tools.spend_log.chain import append
from tools.spend_log.codec import Row, decode, encode, to_text
from tools.spend_log.database import insert, one, rows
from tools.spend_log.rows import Run
from tools.spend_log.schedule_rows import Came, NewNight, Night, Schedule
from tools.spend_log.sql import Database

_LISTS = ("sources", "ignored")
_OPEN = (
    "SELECT DISTINCT b.* FROM runs r JOIN batch_jobs j ON j.run_id = r.run_id JOIN nights n ON n.batch_id = j.batch_id"
    " JOIN schedules s ON s.schedule_id = n.schedule_id JOIN batches b ON b.batch_id = n.batch_id"
    " WHERE r.ended_at IS NULL AND s.home = :home AND (:schedule_id = '' OR s.schedule_id = :schedule_id)"
    " ORDER BY b.seq"
)
_UNENDED = (
    "SELECT r.* FROM batch_jobs j JOIN runs r ON r.run_id = j.run_id WHERE j.batch_id = ? AND r.ended_at IS NULL"
    " ORDER BY j.position, r.seq"
)
# What is to be cancelled and has bought nothing will buy nothing: it keeps no night waiting.
_UNDER_WAY = (
    "SELECT n.night FROM nights n JOIN batch_jobs j ON j.batch_id = n.batch_id JOIN runs r ON r.run_id = j.run_id"
    " WHERE n.schedule_id = ? AND r.ended_at IS NULL AND NOT (r.cancel_requested = 1"
    " AND NOT EXISTS (SELECT 1 FROM charges c WHERE c.run_id = r.run_id AND c.settled_at IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.run_id = r.run_id AND o.gone_at IS NULL AND o.unpaid = 0)) LIMIT 1"
)


def add(db: Database, schedule: Schedule) -> None:
    """Keep a new schedule; ValueError when its id is taken."""
    if find(db, schedule.schedule_id) is not None:
        raise ValueError(f"there is a schedule {schedule.schedule_id} already")
    row = encode(schedule)
    insert(db, "schedules", row | {name: json.dumps(row[name]) for name in _LISTS})
    body = {"schedule": schedule.schedule_id, "cron": schedule.cron, "timezone": schedule.timezone}
    append(db, schedule.created_at, "schedule_added", body)


def find(db: Database, schedule_id: str) -> Schedule | None:
    row = one(db, "SELECT * FROM schedules WHERE schedule_id = ?", schedule_id)
    return _schedule(row) if row else None


def need(db: Database, schedule_id: str) -> Schedule:
    """LookupError when there is no such schedule."""
    schedule = find(db, schedule_id)
    if schedule is None:
        raise LookupError(f"no schedule {schedule_id}")
    return schedule


def listed(db: Database) -> list[Schedule]:
    """Oldest first; those that were removed are none."""
    return [_schedule(row) for row in rows(db, "schedules", "removed_at IS NULL", order_by="seq")]


def pause(db: Database, schedule_id: str, now: datetime) -> Schedule:
    """Begin no night until it goes on; once is enough."""
    schedule = need(db, schedule_id)
    if schedule.paused_at is None and schedule.removed_at is None:
        db.execute("UPDATE schedules SET paused_at = ? WHERE schedule_id = ?", [to_text(now), schedule_id])
        append(db, now, "schedule_paused", {"schedule": schedule_id})
    return need(db, schedule_id)


def go_on(db: Database, schedule_id: str, now: datetime) -> Schedule:
    """After a pause; no night within it counts as missed."""
    schedule = need(db, schedule_id)
    if schedule.paused_at is not None and schedule.removed_at is None:
        change = "UPDATE schedules SET paused_at = NULL, counts_from = ? WHERE schedule_id = ?"
        db.execute(change, [to_text(now), schedule_id])
        append(db, now, "schedule_goes_on", {"schedule": schedule_id})
    return need(db, schedule_id)


def remove(db: Database, schedule_id: str, now: datetime) -> Schedule:
    """For good; what stood granted for it is taken back. A night that is under way goes on."""
    schedule = need(db, schedule_id)
    if schedule.removed_at is None:
        db.execute("UPDATE schedules SET removed_at = ? WHERE schedule_id = ?", [to_text(now), schedule_id])
        append(db, now, "schedule_removed", {"schedule": schedule_id})
        standing_grants.end_all(db, schedule_id, "the removal of the schedule", now)
    return need(db, schedule_id)


def nights(db: Database, schedule_id: str, limit: int, until: datetime | None) -> list[Night]:
    """The latest first; of those that were due until a moment, where one is given."""
    where, args = ("schedule_id = ?", [schedule_id])
    if until is not None:
        where, args = (f"{where} AND due_at <= ?", [*args, to_text(until)])
    found = rows(db, "nights", where, args, order_by="due_at DESC, night DESC", limit=limit)
    return [decode(Night, row) for row in found]


def night(db: Database, schedule_id: str, name: str) -> Night | None:
    row = one(db, "SELECT * FROM nights WHERE schedule_id = ? AND night = ?", schedule_id, name)
    return decode(Night, row) if row else None


def under_way(db: Database, schedule_id: str) -> str:
    """The name of a night that has not ended, or ""."""
    row = one(db, _UNDER_WAY, schedule_id)
    return row["night"] if row else ""


def record(db: Database, new: Night) -> Night:
    """What came of a night that begins nothing; or what came of it already."""
    known = night(db, new.schedule_id, new.night)
    if known is None:
        _insert(db, new)
    return known or new


def begin(db: Database, new: NewNight, now: datetime) -> Night:
    """The batch of a night, its grant and what came of it, all or nothing; or what came of the night already.

    It is skipped where another night of the schedule is under way, and where the schedule rests.
    """
    known = night(db, new.schedule_id, new.night)
    if known is not None:
        return known
    other, rests = under_way(db, new.schedule_id), need(db, new.schedule_id).rests
    if other or rests:
        why = f"the night of {other} was still under way" if other else "the schedule rests"
        return record(db, Night(new.schedule_id, new.night, new.due_at, now, Came.SKIPPED, why, ""))
    batches.add(db, new.batch, new.jobs)
    begun = Night(new.schedule_id, new.night, new.due_at, now, Came.BEGUN, "", new.batch.batch_id)
    _insert(db, begun)
    standing_grants.draw(db, new, now)
    return begun


def open_batches(db: Database, home: str, schedule_id: str) -> list[Batch]:
    """Batches of nights of a home that have not ended, oldest first; of all its schedules for ""."""
    return [decode(Batch, row) for row in db.query(_OPEN, {"home": home, "schedule_id": schedule_id})]


def unended(db: Database, batch_id: str) -> list[Run]:
    """The runs of a batch that have not ended, in the order of its jobs."""
    return [decode(Run, row) for row in db.query(_UNENDED, [batch_id])]


def _insert(db: Database, new: Night) -> None:
    insert(db, "nights", encode(new) | {"batch_id": new.batch_id or None})
    body = {"schedule": new.schedule_id, "night": new.night, "came": new.came, "batch": new.batch_id, "why": new.why}
    append(db, new.at, "night", body)


def _schedule(row: Row) -> Schedule:
    return decode(Schedule, row | {name: tuple(json.loads(row[name])) for name in _LISTS})
