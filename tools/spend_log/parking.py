"""Runs that wait, and when the watcher looks at them next. Every function works inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from tools.spend_log import homes
from tools.spend_log.codec import decode, encode, to_text
from tools.spend_log.database import insert, rows
from tools.spend_log.rows import Awaited, Parked
from tools.spend_log.sql import Database


def park(db: Database, parked: Parked) -> None:
    """A run waits for one thing at a time: a later parking takes the place of an earlier one."""
    unpark(db, parked.run_id)
    insert(db, "parked", encode(parked))


def listed(db: Database, run_id: str | None) -> list[Parked]:
    """The next to be looked at first."""
    where, args = ("run_id = ?", [run_id]) if run_id is not None else ("true", [])
    return [decode(Parked, row) for row in rows(db, "parked", where, args, order_by="next_look, run_id")]


def due(db: Database, now: datetime, horizon: datetime, limit: int, home: str) -> list[Parked]:
    """See `Driving.due`."""
    where = (
        "(next_look <= :now OR (next_look > :horizon AND awaited <> 'human'))"
        " AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.run_id = parked.run_id)"
    )
    at_home = homes.at_home("parked.run_id")
    # The table and its order are texts of this package; every value is bound.
    query = f"SELECT * FROM parked WHERE {where} AND {at_home} ORDER BY {_FIRST}, next_look, run_id LIMIT :limit"  # noqa: S608
    found = db.query(query, {"now": to_text(now), "horizon": to_text(horizon), "limit": limit, "home": home})
    return [decode(Parked, row) for row in found]


_FIRST = "awaited <> 'human' AND until > :now"


def hasten(db: Database, run_id: str, among: Sequence[Awaited]) -> None:
    """What a run is parked for has come, if it is one of these: the look at it comes before all others."""
    marks = ", ".join("?" for _ in among)
    change = f"UPDATE parked SET next_look = parked_at WHERE run_id = ? AND awaited IN ({marks})"  # noqa: S608
    db.execute(change, [run_id, *(awaited.value for awaited in among)])


def looked(db: Database, run_id: str, seen: str, next_look: datetime) -> None:
    """Nothing when the run was woken meanwhile."""
    change = "UPDATE parked SET seen = ?, next_look = ?, looks = looks + 1 WHERE run_id = ?"
    db.execute(change, [seen, to_text(next_look), run_id])


def unpark(db: Database, run_id: str) -> None:
    db.execute("DELETE FROM parked WHERE run_id = ?", [run_id])
