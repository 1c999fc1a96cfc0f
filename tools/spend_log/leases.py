"""Leases: one process drives a run. Every function works inside the caller's transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta

from tools.spend_log import homes, runs
from tools.spend_log.chain import append
from tools.spend_log.codec import Row, decode, encode, to_text
from tools.spend_log.database import one
from tools.spend_log.rows import Holder, Lease
from tools.spend_log.sql import Database
from tools.spend_log.standing import stands_against

_RENEW = (
    "UPDATE leases SET heartbeat_at = :now, expires_at = :until"
    " WHERE run_id = :run_id AND boot_id = :boot_id AND pid = :pid AND started = :started AND host = :host"
)
_RELEASE = (
    "DELETE FROM leases"
    " WHERE run_id = :run_id AND boot_id = :boot_id AND pid = :pid AND started = :started AND host = :host"
)


def find(db: Database, run_id: str) -> Lease | None:
    row = one(db, "SELECT * FROM leases WHERE run_id = ?", run_id)
    return _lease(row) if row else None


def listed(db: Database, home: str) -> list[Lease]:
    """See `Driving.leases`."""
    found = db.query(f"SELECT * FROM leases WHERE {homes.at_home('leases.run_id')} ORDER BY run_id", {"home": home})  # noqa: S608
    return [_lease(row) for row in found]


def _lease(row: Row) -> Lease:
    times = (datetime.fromisoformat(row[name]) for name in ("heartbeat_at", "expires_at"))
    return Lease(row["run_id"], decode(Holder, row), *times)


def take(
    db: Database, run_id: str, holder: Holder, now: datetime, ttl: timedelta, alive: Callable[[Holder], bool]
) -> Lease | None:
    """The lease, or None while a living other has it."""
    runs.need(db, run_id)
    standing = find(db, run_id)
    if standing is not None and standing.holder != holder:
        if stands_against(standing, holder, now, alive):
            return None
        why = "expired" if standing.expires_at <= now else "its process is gone"
        body = {"from_pid": standing.holder.pid, "from_host": standing.holder.host, "to_pid": holder.pid, "why": why}
        append(db, now, "lease_taken_over", body, run_id=run_id)
    lease = Lease(run_id, holder, heartbeat_at=now, expires_at=now + ttl)
    db.execute(
        "INSERT INTO leases (run_id, boot_id, pid, started, host, heartbeat_at, expires_at)"
        " VALUES (:run_id, :boot_id, :pid, :started, :host, :heartbeat_at, :expires_at)"
        " ON CONFLICT (run_id) DO UPDATE SET boot_id = excluded.boot_id, pid = excluded.pid,"
        " started = excluded.started, host = excluded.host, heartbeat_at = excluded.heartbeat_at,"
        " expires_at = excluded.expires_at",
        {"run_id": run_id, **encode(holder), "heartbeat_at": to_text(now), "expires_at": to_text(lease.expires_at)},
    )
    return lease


def renew(db: Database, run_id: str, holder: Holder, now: datetime, ttl: timedelta) -> bool:
    """A lease that ran out but that nobody took is still its holder's."""
    times = {"now": to_text(now), "until": to_text(now + ttl)}
    return db.execute(_RENEW, {"run_id": run_id, **encode(holder), **times}).rowcount == 1


def release(db: Database, run_id: str, holder: Holder) -> None:
    """Nothing when another holds it."""
    db.execute(_RELEASE, {"run_id": run_id, **encode(holder)})
