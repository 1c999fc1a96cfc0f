"""A purchase in doubt, as a human is told of it: what was sent when, what the account said since, what to ask."""

from datetime import datetime

from agent.parts import Parts
from policies.money import usd
from policies.offer import Rail
from policies.reconcile import window_end
from policies.text import counted
from tools.spend_log.rows import Charge


def may_be_proven(parts: Parts, charge: Charge) -> bool:
    """Whether readings of this account can tell. Where an order was named all the same, its pod is ended first."""
    ours = (charge.account, charge.base_url) == (parts.account, parts.base_url)
    named = any(order.charge_id == charge.charge_id for order in parts.log.orders(charge.run_id, open_only=True))
    return ours and charge.rail is Rail.CREDITS and not named


def in_doubt_until(parts: Parts, charge: Charge) -> datetime:
    """When the readings are over."""
    sent_at = charge.submitted_at or charge.created_at
    last = parts.log.last_purchase(charge.account, charge.base_url)
    return window_end(sent_at, parts.clock.now(), last, parts.policy.reconcile.settle_seconds)


def doubt_told(charge: Charge, until: datetime) -> str:
    """As the waiting begins."""
    return (
        f"{charge.note}: ${usd(charge.amount)} counts as spent and is not sent again; "
        f"reading total_spent until {until:%H:%M:%S} UTC to see whether it was taken"
    )


def doubt_message(parts: Parts, charge: Charge) -> str:
    """As it ends without a proof: what a human needs to settle it with the provider."""
    return (
        f"${usd(charge.amount)} for {charge.gpu_id} × {charge.hours} h may have been taken: {_sent(charge)}; "
        f"{charge.note}; {_readings(parts, charge)}. It counts as spent and is not repeated. Ask the provider whether "
        "that order exists, then in a terminal "
        f"`swineherd settle {charge.charge_id} --order ID | --not-charged | --refunded`"
    )


def orphan_message(parts: Parts, charge: Charge) -> str:
    """Taken, and the order's id never reached us."""
    return (
        f"${usd(charge.amount)} for {charge.gpu_id} × {charge.hours} h was taken, and no order id came back: "
        f"{_sent(charge)}; {_readings(parts, charge)}. It counts as spent and is not repeated; the pod ends with its "
        "paid hours. Ask the provider for its order id; in a terminal "
        f"`swineherd settle {charge.charge_id} --order ID` then ends it"
    )


def _sent(charge: Charge) -> str:
    return f"sent at {charge.submitted_at:%Y-%m-%d %H:%M:%S} UTC" if charge.submitted_at else "never sent by us"


def _readings(parts: Parts, charge: Charge) -> str:
    """`total_spent` before and after, as the provider said it."""
    before = "unknown" if charge.total_spent_before is None else f"${usd(charge.total_spent_before)}"
    sent_at = charge.submitted_at or charge.created_at
    since = parts.log.readings(charge.account, charge.base_url, sent_at)
    if not since:
        return f"total_spent was {before} before, and could not be read since"
    last = since[-1]
    readings = counted(len(since), "reading")
    return f"total_spent was {before} before, ${usd(last.spent)} at {last.at:%H:%M:%S} UTC ({readings})"
