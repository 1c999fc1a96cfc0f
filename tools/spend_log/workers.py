"""Processes that drive whatever nobody else drives. Every function works inside the caller's transaction."""

from datetime import datetime

from tools.spend_log.codec import decode, encode, to_text
from tools.spend_log.database import rows
from tools.spend_log.rows import Holder, Worker
from tools.spend_log.sql import Database

_BEAT = (
    "INSERT INTO workers (boot_id, pid, started, host, heartbeat_at, home)"
    " VALUES (:boot_id, :pid, :started, :host, :heartbeat_at, :home)"
    " ON CONFLICT (host, boot_id, pid, started) DO UPDATE SET heartbeat_at = excluded.heartbeat_at"
)
_RETIRE = "DELETE FROM workers WHERE host = :host AND boot_id = :boot_id AND pid = :pid AND started = :started"


def beat(db: Database, holder: Holder, now: datetime, home: str) -> None:
    db.execute(_BEAT, encode(holder) | {"heartbeat_at": to_text(now), "home": home})


def retire(db: Database, holder: Holder) -> None:
    db.execute(_RETIRE, encode(holder))


def listed(db: Database) -> list[Worker]:
    found = rows(db, "workers", "true", order_by="host, boot_id, pid, started")
    return [Worker(decode(Holder, row), datetime.fromisoformat(row["heartbeat_at"]), row["home"]) for row in found]
