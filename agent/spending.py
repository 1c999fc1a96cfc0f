"""What was spent and what the caps leave, as `spend --json` prints it (CONTRACT §6)."""

from agent.parts import Parts
from agent.result import timestamp
from policies.money import usd
from tools.spend_log.rows import Charge


def spend_document(parts: Parts) -> dict[str, object]:
    """Every charge, the totals, and what is left of the day and the month."""
    totals = parts.log.totals()
    usage = parts.log.usage("", parts.clock.now())
    budget = parts.policy.budget
    return {
        "charges": [_charge(charge) for charge in parts.log.charges()],
        "totals": {
            "spent_usd": usd(totals.spent),
            "held_usd": usd(totals.held),
            "in_doubt_usd": usd(totals.in_doubt),
        },
        "caps": {
            "day_left_usd": usd(max(0, budget.per_day - usage.day)),
            "month_left_usd": usd(max(0, budget.per_month - usage.month)),
        },
    }


def _charge(charge: Charge) -> dict[str, object]:
    return {
        "charge_id": charge.charge_id,
        "run_id": charge.run_id,
        "order_id": charge.order_id or None,
        "rail": charge.rail.value,
        "gpu": charge.gpu_id,
        "hours": charge.hours,
        "amount_usd": usd(charge.amount),
        "state": charge.state.value,
        "created_at": timestamp(charge.created_at),
        "settled_at": timestamp(charge.settled_at),
    }
