"""Who sent a purchase, and whether that may still happen. Every function works inside the caller's transaction."""

from datetime import datetime

from tools.spend_log.account_rows import Sender
from tools.spend_log.codec import decode, encode, to_text
from tools.spend_log.database import insert, one
from tools.spend_log.rows import Holder
from tools.spend_log.sql import Database


def name(db: Database, charge_id: str, holder: Holder) -> None:
    """Written with the intent: this process, and no other, is about to send it."""
    insert(db, "senders", {"charge_id": charge_id, **encode(holder), "landed_at": None})


def land(db: Database, charge_id: str, now: datetime) -> None:
    """The call has returned, with or without an answer: its sender sends nothing more for this charge."""
    change = "UPDATE senders SET landed_at = ? WHERE charge_id = ? AND landed_at IS NULL"
    db.execute(change, [to_text(now), charge_id])


def find(db: Database, charge_id: str) -> Sender | None:
    """None where an older swineherd sent it."""
    row = one(db, "SELECT * FROM senders WHERE charge_id = ?", charge_id)
    if row is None:
        return None
    landed = row["landed_at"]
    return Sender(decode(Holder, row), datetime.fromisoformat(landed) if landed else None)
