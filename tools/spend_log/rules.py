"""What no statement may do to the spend log, whoever writes it: triggers made from the charge machine's own table."""

from collections.abc import Iterable

from policies.charge import BORN, FINAL, MOVES, ChargeState
from tools.spend_log.triggers import changed, refuse

_S = ChargeState


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in sorted(texts))


_MOVED = "NEW.state IS NOT OLD.state"
_LEGAL = _listed(f"{old}>{new}" for old, new in MOVES)
_REAL_FIGURE = _listed((_S.PAID, _S.MISMATCH, _S.AWAITING_PAYMENT))
_SUBMITTED = f"OLD.state = '{_S.HELD}' AND NEW.state = '{_S.SUBMITTING}'"
_IN_FLIGHT = (
    "EXISTS (SELECT 1 FROM charges c WHERE c.account = NEW.account AND c.state = 'submitting'"
    " AND c.rail = 'credits' AND c.charge_id <> OLD.charge_id)"
)
_IN_THE_WAY = (
    "EXISTS (SELECT 1 FROM charges c WHERE c.charge_id <> NEW.charge_id AND ("
    "(NEW.settled_at IS NULL AND NEW.kind IN ('rent', 'start') AND c.run_id = NEW.run_id AND c.settled_at IS NULL"
    " AND c.kind IN ('rent', 'start'))"
    " OR (NEW.kind = 'rent' AND c.kind = 'rent' AND c.run_id = NEW.run_id AND c.attempt = NEW.attempt)))"
)

CHARGE_RULES = (
    refuse(
        "charges_born",
        "INSERT ON charges",
        f"NEW.state NOT IN ({_listed(BORN)}) OR (NEW.state IN ({_listed(FINAL)})) <> (NEW.settled_at IS NOT NULL)",
        "a charge can not begin in this state",
    ),
    refuse(
        "charges_inserted_once",
        "INSERT ON charges",
        "EXISTS (SELECT 1 FROM charges c WHERE c.charge_id = NEW.charge_id OR c.seq = NEW.seq)",
        "UNIQUE constraint failed: charges.charge_id",
    ),
    refuse("charges_kept", "DELETE ON charges", "1", "a charge is never deleted"),
    refuse("charges_final", "UPDATE ON charges", f"OLD.state IN ({_listed(FINAL)})", "a final charge never changes"),
    refuse(
        "charges_move",
        "UPDATE ON charges",
        f"({_MOVED} AND OLD.state || '>' || NEW.state NOT IN ({_LEGAL}))"
        f" OR (NEW.state IN ({_listed(FINAL)})) <> (NEW.settled_at IS NOT NULL)",
        "an illegal move of a charge",
    ),
    refuse(
        "charges_identity",
        "UPDATE ON charges",
        changed(
            *("seq", "charge_id", "run_id", "attempt", "kind", "rail", "gpu_id", "hours"),
            *("account", "base_url", "auto", "created_at"),
        ),
        "what a charge is for never changes",
    ),
    refuse(
        "charges_amount",
        "UPDATE ON charges",
        f"NEW.amount <> OLD.amount AND NOT ({_MOVED} AND NEW.state IN ({_REAL_FIGURE}))"
        f" AND NOT (OLD.state = '{_S.ACCRUING}' AND NEW.amount > OLD.amount)",
        "an amount only changes when the provider names it",
    ),
    refuse(
        "charges_order",
        "UPDATE ON charges",
        "OLD.order_id <> '' AND NEW.order_id <> OLD.order_id",
        "the order of a charge never changes",
    ),
    refuse(
        "charges_baseline",
        "UPDATE ON charges",
        f"{changed('balance_before', 'total_spent_before', 'submitted_at')} AND NOT ({_SUBMITTED})",
        "the balance before a purchase is written once",
    ),
    refuse(
        "charges_late",
        "UPDATE ON charges",
        f"NEW.late <> OLD.late AND NOT (OLD.state = '{_S.EXPIRED}' AND NEW.state = '{_S.PAID}')",
        "only an expired link is paid late",
    ),
)

# INSERT OR REPLACE would delete the row in its way, and fires no delete trigger on a connection without
# recursive_triggers: so nothing may be in the way.
REPLACE_RULES = (
    refuse(
        "charges_not_replaced",
        "INSERT ON charges",
        _IN_THE_WAY,
        "UNIQUE constraint failed: charges.run_id",
    ),
    refuse(
        "charges_one_flight",
        "UPDATE OF state ON charges",
        f"NEW.rail = 'credits' AND {_SUBMITTED} AND {_IN_FLIGHT}",
        "UNIQUE constraint failed: charges.account",
    ),
)

APPROVAL_RULES = (
    refuse("approvals_kept", "DELETE ON approvals", "1", "an approval is never deleted"),
    refuse(
        "approvals_asked",
        "INSERT ON approvals",
        "NEW.decision IS NOT NULL OR NEW.charge_id IS NOT NULL OR EXISTS ("
        "SELECT 1 FROM approvals a WHERE a.approval_id = NEW.approval_id"
        " OR (a.run_id = NEW.run_id AND a.attempt = NEW.attempt))",
        "an approval begins as a question, once for each attempt",
    ),
    refuse("approvals_used", "UPDATE ON approvals", "OLD.charge_id IS NOT NULL", "a used approval never changes"),
    refuse(
        "approvals_identity",
        "UPDATE ON approvals",
        changed("approval_id", "run_id", "attempt", "offer", "code", "created_at", "expires_at"),
        "what an approval is for never changes",
    ),
    refuse(
        "approvals_decided",
        "UPDATE ON approvals",
        "OLD.decision IS NOT NULL AND NEW.decision IS NOT OLD.decision"
        " AND NOT (OLD.decision = 'approved' AND NEW.decision IS 'superseded')",
        "an approval is decided once",
    ),
    refuse(
        "approvals_consumed",
        "UPDATE ON approvals",
        "NEW.charge_id IS NOT NULL AND NOT (OLD.decision IS 'approved' AND NEW.decision IS 'approved' AND EXISTS ("
        "SELECT 1 FROM charges c WHERE c.charge_id = NEW.charge_id AND c.run_id = OLD.run_id"
        " AND c.attempt = OLD.attempt AND c.created_at < OLD.expires_at))",
        "only an approved offer that has not expired pays for its own charge",
    ),
)

HISTORY_RULES = (
    refuse("events_kept", "DELETE ON events", "1", "history is never deleted"),
    refuse("events_fixed", "UPDATE ON events", "1", "history never changes"),
    refuse(
        "events_chained",
        "INSERT ON events",
        "NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events) OR NEW.prev_hash IS NOT"
        " coalesce((SELECT hash FROM events ORDER BY seq DESC LIMIT 1), printf('%064d', 0))",
        "an event must follow the last one",
    ),
    refuse("answers_kept", "DELETE ON answers", "1", "an answer is never deleted"),
    refuse("answers_fixed", "UPDATE ON answers", "1", "an answer never changes"),
)

RUN_RULES = (
    refuse("runs_kept", "DELETE ON runs", "1", "a run is never deleted"),
    refuse(
        "runs_identity",
        "UPDATE ON runs",
        changed("seq", "run_id", "name", "job_json", "job_sha256", "job_path", "ceiling", "created_at"),
        "what a run is never changes",
    ),
    refuse(
        "runs_ended",
        "UPDATE ON runs",
        f"OLD.ended_at IS NOT NULL AND {changed('status', 'reason', 'code', 'job_exit_code', 'ended_at')}",
        "an ended run stays as it ended",
    ),
    refuse("attempts_kept", "DELETE ON attempts", "1", "an attempt is never deleted"),
    refuse(
        "attempts_fixed",
        "UPDATE ON attempts",
        f"OLD.outcome <> '' OR {changed('run_id', 'number', 'offer', 'reason', 'created_at')}",
        "an attempt only ends, once",
    ),
)

ORDER_RULES = (
    refuse("orders_kept", "DELETE ON orders", "1", "an order is never deleted"),
    refuse(
        "orders_identity",
        "UPDATE ON orders",
        f"{changed('seq', 'order_id', 'run_id')} OR (OLD.charge_id IS NOT NULL AND {changed('charge_id')})"
        " OR (OLD.host_key <> '' AND NEW.host_key <> OLD.host_key)"
        " OR (OLD.first_status <> '' AND NEW.first_status <> OLD.first_status)",
        "an order id, its run, its host key and its first status are kept as first seen",
    ),
)

RULES = CHARGE_RULES + REPLACE_RULES + APPROVAL_RULES + HISTORY_RULES + RUN_RULES + ORDER_RULES
