"""Runs that wait, and when the watcher looks at them next. Every function works inside the caller's transaction."""

from datetime import datetime

from tools.spend_log.codec import decode, encode, to_text
from tools.spend_log.database import insert, rows
from tools.spend_log.rows import Parked
from tools.spend_log.sql import Database


def park(db: Database, parked: Parked) -> None:
    """A run waits for one thing at a time: a later parking takes the place of an earlier one."""
    unpark(db, parked.run_id)
    insert(db, "parked", encode(parked))


def listed(db: Database, run_id: str | None) -> list[Parked]:
    """The next to be looked at first."""
    where, args = ("run_id = ?", [run_id]) if run_id is not None else ("true", [])
    return [decode(Parked, row) for row in rows(db, "parked", where, args, order_by="next_look, run_id")]


def looked(db: Database, run_id: str, seen: str, next_look: datetime) -> None:
    """Nothing when the run was woken meanwhile."""
    change = "UPDATE parked SET seen = ?, next_look = ?, looks = looks + 1 WHERE run_id = ?"
    db.execute(change, [seen, to_text(next_look), run_id])


def unpark(db: Database, run_id: str) -> None:
    db.execute("DELETE FROM parked WHERE run_id = ?", [run_id])
