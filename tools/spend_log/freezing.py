"""Freezing stops spending, never cleaning up. Every function works inside the caller's transaction."""

from datetime import datetime

from tools.spend_log.chain import append
from tools.spend_log.database import one
from tools.spend_log.sql import Database

_KEY = "frozen"


def reason(db: Database) -> str | None:
    """Why spending is frozen, or None."""
    row = one(db, "SELECT value FROM meta WHERE key = ?", _KEY)
    return row["value"] if row else None


def freeze(db: Database, why: str, now: datetime) -> None:
    """The first reason stands until a human unfreezes."""
    db.execute("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING", [_KEY, why])
    append(db, now, "frozen", {"reason": why})


def unfreeze(db: Database, now: datetime, seen: int | None, by: str) -> bool:
    """See `SpendLog.unfreeze`."""
    last = one(db, "SELECT seq FROM events WHERE kind = 'frozen' ORDER BY seq DESC LIMIT 1")
    if seen is not None and (last is None or last["seq"] != seen):
        return False
    if db.execute("DELETE FROM meta WHERE key = ?", [_KEY]).rowcount:
        append(db, now, "unfrozen", {"by": by} if by else {})
    return True
