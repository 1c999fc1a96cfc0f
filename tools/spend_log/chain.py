"""The history: append-only, each row hashed over itself and the hash before it, so that no row can change unseen."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime

from policies.order import short_id
from tools.spend_log.codec import decode, encode, to_text
from tools.spend_log.database import insert, one
from tools.spend_log.rows import Event
from tools.spend_log.sql import Database

GENESIS = "0" * 64
"""What the first event follows."""

_ORDER_ID = re.compile(r"HOG-[A-Za-z0-9]{5,}")


def append(
    db: Database, at: datetime, kind: str, body: Mapping[str, object], *, run_id: str = "", charge_id: str = ""
) -> str:
    """Add one event to the transaction at hand; the new head. Order ids in `body` are shortened."""
    seq, prev = _last(db)
    text = _ORDER_ID.sub(lambda found: short_id(found[0]), json.dumps(body, sort_keys=True, ensure_ascii=False))
    hash_ = _hash(seq + 1, to_text(at), run_id, charge_id, kind, text, prev)
    insert(db, "events", encode(Event(seq + 1, at, run_id, charge_id, kind, text, prev, hash_)))
    return hash_


def head(db: Database) -> str:
    """The hash of the last event: whoever keeps it can prove later that nothing before it changed."""
    return _last(db)[1]


def listed(db: Database, run_id: str | None, limit: int) -> list[Event]:
    """The last `limit` events, oldest first."""
    where = "SELECT * FROM events WHERE run_id = ? ORDER BY seq DESC LIMIT ?"
    every = "SELECT * FROM events ORDER BY seq DESC LIMIT ?"
    found = db.query(every, [limit]) if run_id is None else db.query(where, [run_id, limit])
    return [decode(Event, row) for row in found][::-1]


def broken(db: Database, witnessed: Mapping[str, int]) -> str | None:
    """What is wrong with the first bad row, or None.

    Args:
        witnessed: heads that were once written down elsewhere, with the line where; one that is not in the history
            means that its end was cut off or that an older copy was put back.
    """
    missing = dict(witnessed)
    missing.pop(GENESIS, None)
    seq, prev = 0, GENESIS
    for row in db.query("SELECT * FROM events ORDER BY seq"):
        if row["seq"] != seq + 1:
            return f"event {seq + 1} is missing"
        if row["prev_hash"] != prev:
            return f"event {row['seq']} does not follow event {seq}"
        fields = [row[name] for name in ("seq", "at", "run_id", "charge_id", "kind", "body", "prev_hash")]
        if row["hash"] != _hash(*fields):
            return f"event {row['seq']} was changed"
        seq, prev = row["seq"], row["hash"]
        missing.pop(prev, None)
    if missing:
        return f"events after {seq} are missing: orders.jsonl line {min(missing.values())} saw a later history"
    return None


def _last(db: Database) -> tuple[int, str]:
    row = one(db, "SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1")
    return (row["seq"], row["hash"]) if row else (0, GENESIS)


def _hash(*fields: str | int) -> str:
    return hashlib.sha256(json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()
