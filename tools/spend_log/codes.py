"""Answers to questions. Codes are compared in constant time, and a question is void after ten wrong ones.

Every function works inside the caller's transaction.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from policies.money import Cents, usd
from tools.spend_log.chain import append
from tools.spend_log.codec import Row
from tools.spend_log.rows import Decision
from tools.spend_log.sql import Database

MAX_WRONG_TRIES = 10
"""So many wrong codes void a question."""

_KEYS = {"approvals": "approval_id", "grants": "grant_id", "standing_grants": "grant_id"}


class Asked(Protocol):
    """A grant that is asked for."""

    @property
    def decision(self) -> Decision | None: ...
    @property
    def decided_by(self) -> str: ...
    @property
    def decided_at(self) -> datetime | None: ...
    @property
    def revoked_by(self) -> str: ...
    @property
    def revoked_at(self) -> datetime | None: ...
    @property
    def expires_at(self) -> datetime: ...


def refused(
    db: Database,
    table: Literal["approvals", "grants", "standing_grants"],
    row: Row,
    code: str,
    now: datetime,
    *,
    run_id: str = "",
    earlier: Sequence[str] = (),
) -> str | None:
    """Why `code` does not answer the question in `row`, or None; a wrong one is counted, and noted.

    Args:
        earlier: codes of questions that this one took the place of. They answer nothing any more, so that whoever knows
            one has nothing to guess with, and whoever types one from an old card does not void the question.
    """
    if row["decision"] is None and row["wrong_tries"] >= MAX_WRONG_TRIES:
        return "too many wrong codes: the question is void, ask for a new offer"
    typed = code.encode(errors="surrogatepass")
    fits, *fit_earlier = [hmac.compare_digest(typed, one.encode()) for one in (row["code"], *earlier)]
    if fits:
        return None
    if any(fit_earlier):
        return "that is the code of an earlier offer: another has taken its place"
    if row["decision"] is None:
        key = _KEYS[table]
        change = f"UPDATE {table} SET wrong_tries = wrong_tries + 1 WHERE {key} = ?"  # noqa: S608 - names of ours
        db.execute(change, [row[key]])
        append(db, now, "wrong_code", {"tries": row["wrong_tries"] + 1, "of": row[key]}, run_id=run_id)
    return "the code is wrong"


def not_answered(asked: Asked, amount: Cents, given: Cents, now: datetime) -> str | None:
    """Why an answer with the right code, to a grant of `amount`, is none; or None where it is one."""
    if asked.decision is not None and asked.decided_at is not None:
        by = f" by {asked.decided_by}" if asked.decided_by else ""
        return f"already {asked.decision}{by} at {asked.decided_at:%Y-%m-%d %H:%M:%S} UTC"
    if asked.revoked_at is not None:
        return f"taken back by {asked.revoked_by} at {asked.revoked_at:%Y-%m-%d %H:%M:%S} UTC"
    if asked.expires_at <= now:
        return f"the question expired at {asked.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    if given != amount:
        return f"the grant is for up to ${usd(amount)}, not for ${usd(given)}"
    return None
