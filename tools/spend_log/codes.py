"""Approval codes: compared in constant time, and void after ten wrong ones. Inside the caller's transaction."""

import hmac
from datetime import datetime
from typing import Literal

from tools.spend_log.chain import append
from tools.spend_log.codec import Row
from tools.spend_log.sql import Database

MAX_WRONG_TRIES = 10
"""So many wrong codes void a question."""

_KEYS = {"approvals": "approval_id", "grants": "grant_id"}


def refused(
    db: Database, table: Literal["approvals", "grants"], row: Row, code: str, now: datetime, *, run_id: str = ""
) -> str | None:
    """Why `code` does not answer the question in `row`, or None; a wrong one is counted, and noted."""
    if row["decision"] is None and row["wrong_tries"] >= MAX_WRONG_TRIES:
        return "too many wrong codes: the question is void, ask for a new offer"
    if hmac.compare_digest(code.encode(errors="surrogatepass"), row["code"].encode()):
        return None
    if row["decision"] is None:
        key = _KEYS[table]
        change = f"UPDATE {table} SET wrong_tries = wrong_tries + 1 WHERE {key} = ?"  # noqa: S608 - names of ours
        db.execute(change, [row[key]])
        append(db, now, "wrong_code", {"tries": row["wrong_tries"] + 1, "of": row[key]}, run_id=run_id)
    return "the code is wrong"
