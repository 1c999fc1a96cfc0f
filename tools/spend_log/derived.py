"""What the database works out by itself: running totals, which links can't be pods, and tables for a human's eyes.

A cap check must take as long over a million charges as over ten, so sums of settled money are kept, never computed.
In the statements here `<SPENT>` and its like stand for the states that `policies` puts under those names.
"""

from policies.charge import FINAL, HELD, SPENT, ChargeState
from policies.order import RUNNING, STOPPED

_STATES: dict[str, frozenset[ChargeState] | frozenset[str]] = {
    "<SETTLED_SPENT>": SPENT & FINAL,
    "<SPENT>": SPENT,
    "<HELD>": HELD,
    "<RELEASED>": frozenset({ChargeState.RELEASED}),
    "<POD>": frozenset({RUNNING, STOPPED}),
}


def _with_states(sql: str) -> str:
    for mark, states in _STATES.items():
        sql = sql.replace(mark, f"({', '.join(repr(str(state)) for state in sorted(states))})")
    return sql


_BOOK = """
    INSERT INTO totals (span, period, cents)
    SELECT s.span, s.period, NEW.amount FROM (
        SELECT 'day' AS span, substr(NEW.settled_at, 1, 10) AS period
        UNION ALL SELECT 'month', substr(NEW.settled_at, 1, 7)
        UNION ALL SELECT 'run', coalesce(NEW.run_id, '')
        UNION ALL SELECT 'all', ''
        UNION ALL SELECT 'auto_day', substr(NEW.settled_at, 1, 10) WHERE NEW.auto = 1 AND NEW.rail = 'credits'
    ) AS s WHERE true
    ON CONFLICT (span, period) DO UPDATE SET cents = cents + excluded.cents;
"""

_TOTALS = (
    "CREATE TRIGGER totals_of_new AFTER INSERT ON charges WHEN NEW.state IN <SETTLED_SPENT> BEGIN <BOOK> END",
    """CREATE TRIGGER totals_of_settled AFTER UPDATE OF state ON charges
    WHEN NEW.state IN <SETTLED_SPENT> BEGIN <BOOK> END""",
)

# `unpaid`: the order of a checkout link whose charge is released and which never moved. It takes no room under
# max_open_pods. An order seen running or stopped is a pod, even when that was the first thing ever seen of it.
_UNPAID = (
    """CREATE TRIGGER unpaid_when_released AFTER UPDATE OF state ON charges
    WHEN NEW.state IN <RELEASED> AND NEW.rail = 'stripe' BEGIN
        UPDATE orders SET unpaid = 1
        WHERE charge_id = NEW.charge_id AND status = first_status AND status NOT IN <POD>;
    END""",
    """CREATE TRIGGER unpaid_when_added AFTER INSERT ON orders
    WHEN NEW.status = NEW.first_status AND NEW.status NOT IN <POD> AND EXISTS (
        SELECT 1 FROM charges c WHERE c.charge_id = NEW.charge_id AND c.state IN <RELEASED> AND c.rail = 'stripe'
    ) BEGIN
        UPDATE orders SET unpaid = 1 WHERE order_id = NEW.order_id;
    END""",
    """CREATE TRIGGER unpaid_no_more AFTER UPDATE OF status ON orders
    WHEN NEW.unpaid = 1 AND (NEW.status <> NEW.first_status OR NEW.status IN <POD>) BEGIN
        UPDATE orders SET unpaid = 0 WHERE order_id = NEW.order_id;
    END""",
)

_VIEWS = (
    """CREATE VIEW spend_by_day AS
        SELECT substr(coalesce(c.settled_at, c.created_at), 1, 10) AS day, count(*) AS charges, <SUM>
        FROM charges c WHERE c.state IN <SPENT> GROUP BY day ORDER BY day DESC""",
    """CREATE VIEW spend_by_gpu AS
        SELECT c.gpu_id AS gpu, count(*) AS charges, sum(c.hours) AS hours, <SUM>
        FROM charges c WHERE c.state IN <SPENT> GROUP BY gpu ORDER BY cents DESC""",
    """CREATE VIEW spend_by_job AS
        SELECT r.name AS job, count(DISTINCT r.run_id) AS runs, count(*) AS charges, <SUM>
        FROM charges c JOIN runs r ON r.run_id = c.run_id
        WHERE c.state IN <SPENT> GROUP BY job ORDER BY cents DESC""",
    """CREATE VIEW charges_readable AS
        SELECT c.charge_id, r.name AS job, c.run_id, c.attempt, c.kind, c.rail, c.gpu_id AS gpu, c.hours,
            printf('%d.%02d', c.amount / 100, c.amount % 100) AS usd, c.state,
            CASE WHEN c.state IN <SPENT> THEN 'spent' WHEN c.state IN <HELD> THEN 'held'
                WHEN c.settled_at IS NULL THEN 'in doubt' ELSE 'not spent' END AS standing,
            CASE WHEN c.order_id = '' THEN '' WHEN length(c.order_id) <= 8 THEN '…'
                ELSE substr(c.order_id, 1, 4) || '…' || substr(c.order_id, -4) END AS order_id,
            c.late, c.note, c.created_at, c.submitted_at, c.settled_at
        FROM charges c LEFT JOIN runs r ON r.run_id = c.run_id""",
)
_SUM = "sum(c.amount) AS cents, printf('%d.%02d', sum(c.amount) / 100, sum(c.amount) % 100) AS usd"

DERIVED = tuple(
    _with_states(statement.replace("<BOOK>", _BOOK).replace("<SUM>", _SUM)) for statement in _TOTALS + _UNPAID + _VIEWS
)
