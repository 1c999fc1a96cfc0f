"""What counts toward the caps now, in a number of steps that does not grow with the history."""

from datetime import UTC, datetime

from policies.budget import Usage
from policies.charge import DOUBTED, HELD, ChargeState
from policies.money import Cents
from tools.spend_log import batches
from tools.spend_log.codec import Row
from tools.spend_log.database import one
from tools.spend_log.rows import Totals
from tools.spend_log.sql import Database

_NOT_FINAL = """
    SELECT coalesce(sum(amount), 0) AS money,
        coalesce(sum(amount) FILTER (WHERE run_id = ?), 0) AS run,
        coalesce(sum(amount) FILTER (WHERE auto = 1 AND rail = 'credits'), 0) AS auto,
        count(*) FILTER (WHERE order_id = '' AND NOT EXISTS (
            SELECT 1 FROM orders o WHERE o.charge_id = c.charge_id)) AS without_order
    FROM charges c INDEXED BY charges_not_final WHERE settled_at IS NULL
"""
# Without the index named the planner may walk all links that were never paid.
_OPEN_ORDERS = "SELECT count(*) AS orders FROM orders INDEXED BY orders_open WHERE gone_at IS NULL AND unpaid = 0"
_SETTLED = "SELECT cents FROM totals WHERE span = ? AND period = ?"
_STANDING = "SELECT state, sum(amount) AS cents FROM charges WHERE settled_at IS NULL GROUP BY state"
_STANDING_OF_RUN = (
    "SELECT state, sum(amount) AS cents FROM charges WHERE settled_at IS NULL AND run_id = ? GROUP BY state"
)


def usage(db: Database, run_id: str, now: datetime) -> Usage:
    """Money that is not final counts in every current period, final money in the UTC day and month it settled in."""
    day = now.astimezone(UTC).date().isoformat()
    open_ = _only(one(db, _NOT_FINAL, run_id))
    return Usage(
        run=Cents(open_["run"] + _settled(db, "run", run_id)),
        day=Cents(open_["money"] + _settled(db, "day", day)),
        month=Cents(open_["money"] + _settled(db, "month", day[:7])),
        auto_day=Cents(open_["auto"] + _settled(db, "auto_day", day)),
        open_pods=open_["without_order"] + _only(one(db, _OPEN_ORDERS))["orders"],
        job=batches.shared_by_tries(db, run_id),
        batch=batches.shared(db, run_id),
    )


def totals(db: Database, run_id: str | None) -> Totals:
    """Of one run, or of all."""
    standing = db.query(_STANDING) if run_id is None else db.query(_STANDING_OF_RUN, [run_id])
    open_ = {ChargeState(row["state"]): row["cents"] for row in standing}
    settled = _settled(db, "all", "") if run_id is None else _settled(db, "run", run_id)
    return Totals(
        spent=Cents(settled + open_.get(ChargeState.ACCRUING, 0)),
        held=Cents(sum(open_.get(state, 0) for state in HELD)),
        in_doubt=Cents(sum(open_.get(state, 0) for state in DOUBTED)),
    )


def _settled(db: Database, span: str, period: str) -> int:
    row = one(db, _SETTLED, span, period)
    return row["cents"] if row else 0


def _only(row: Row | None) -> Row:
    """An aggregate query always has one row."""
    return row or {}
