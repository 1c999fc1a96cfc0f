"""What is remembered for a while: bad GPUs, and ended orders to be looked at again.

Every function works inside the caller's transaction.
"""

from datetime import datetime

from tools.spend_log.chain import append
from tools.spend_log.codec import decode, to_text
from tools.spend_log.rows import OrderRow
from tools.spend_log.sql import Database


def remember_bad_gpu(db: Database, gpu_id: str, reason: str, now: datetime, until: datetime) -> None:
    """Again: the later reason, and the later end."""
    db.execute(
        "INSERT INTO bad_gpus (gpu_id, reason, until) VALUES (:gpu_id, :reason, :until) ON CONFLICT (gpu_id)"
        " DO UPDATE SET reason = excluded.reason,"
        " until = CASE WHEN excluded.until > bad_gpus.until THEN excluded.until ELSE bad_gpus.until END",
        {"gpu_id": gpu_id, "reason": reason, "until": to_text(until)},
    )
    append(db, now, "bad_gpu", {"gpu": gpu_id, "reason": reason, "until": to_text(until)})


def bad_gpus(db: Database, now: datetime) -> dict[str, str]:
    """gpu_id → why, of those whose time is not over."""
    rows = db.query("SELECT gpu_id, reason FROM bad_gpus WHERE until > ? ORDER BY gpu_id", [to_text(now)])
    return {row["gpu_id"]: row["reason"] for row in rows}


def gone_since(db: Database, since: datetime, looked_before: datetime) -> list[OrderRow]:
    """Orders gone after `since` that nobody looked at again after `looked_before`; the oldest look first."""
    sql = (
        "SELECT o.* FROM orders o LEFT JOIN second_looks l ON l.order_id = o.order_id"
        " WHERE o.gone_at > ? AND coalesce(l.at, o.gone_at) <= ? ORDER BY coalesce(l.at, o.gone_at), o.seq"
    )
    return [decode(OrderRow, row) for row in db.query(sql, [to_text(since), to_text(looked_before)])]


def looked_again(db: Database, order_id: str, now: datetime) -> None:
    """Note a second look."""
    db.execute(
        "INSERT INTO second_looks (order_id, at) VALUES (?, ?) ON CONFLICT (order_id) DO UPDATE SET at = excluded.at",
        [order_id, to_text(now)],
    )
