"""Ending a pod, or stopping it to keep what only its volume has; either is believed when the order itself says so."""

from collections.abc import Awaitable
from datetime import datetime

from agent.parts import Parts
from policies.charge import ChargeState, ProvenGone
from policies.money import Cents, usd
from policies.offer import Rail
from policies.order import Phase, phase, short_id
from tools.errors import Malformed, MarketUnavailable, Refused
from tools.spend_log.rows import Charge, Kind, OrderRow

STORAGE_CENTS_PER_HOUR = 5
"""What a stopped pod costs: 5 tokens an hour, 1 token = 1 cent (the provider's documentation)."""


def pods_to_end(parts: Parts, run_id: str) -> list[OrderRow]:
    """Orders not proven gone; a link never shown, or watched to its end unpaid, is no pod unless its status moved."""
    orders = parts.log.orders(run_id, open_only=True)
    return [order for order in orders if _is_pod(order) or _may_be_paid(parts, order)]


def _is_pod(order: OrderRow) -> bool:
    return order.status != order.first_status or phase(order.status) in {"running", "stopped"}


def _may_be_paid(parts: Parts, order: OrderRow) -> bool:
    charge = parts.log.charge(order.charge_id)
    let_go = charge is not None and charge.rail is Rail.STRIPE and charge.state is ChargeState.RELEASED
    return order.paid_from is not None and not let_go


async def end_pod(parts: Parts, order: OrderRow) -> bool:
    """One try: ask, then look. True when the order itself says that it is gone."""
    seen = await _ask_and_look(parts, order, "terminate", parts.market.terminate(order.order_id))
    if seen == "gone":
        parts.face.tell(order.run_id, f"the pod {short_id(order.order_id)} is gone")
        close_storage(parts, order)
    return seen == "gone"


async def stop_to_keep(parts: Parts, order: OrderRow) -> bool:
    """One try to stop a pod whose outputs could not be fetched. True when the order says that it is stopped, or gone.

    Its storage is booked ahead for `uncollected_hours`, beyond the caps: the alternative is losing the results.
    """
    storage = storage_of(parts, order)
    if storage is None:
        storage = _new_storage(parts, order)
        parts.log.accrue(storage)
    seen = await _ask_and_look(parts, order, "stop", parts.market.stop(order.order_id))
    if seen == "stopped":
        until = f"{kept_until(parts, storage):%Y-%m-%d %H:%M} UTC"
        what = f"the pod {short_id(order.order_id)} is stopped, its volume is kept until {until}"
        parts.face.tell(order.run_id, f"{what}; ${usd(storage.amount)} is booked for that")
    if seen == "gone":
        close_storage(parts, order)
    return seen in {"stopped", "gone"}


async def _ask_and_look(parts: Parts, order: OrderRow, verb: str, asking: Awaitable[str]) -> Phase | None:
    """What the order says of itself after we asked; None when it can't be seen."""
    try:
        await asking
    except (MarketUnavailable, Malformed, Refused) as error:
        parts.face.tell(order.run_id, f"{verb} of {short_id(order.order_id)}: {error}")
    parts.log.mark_order(order.order_id, terminate_tried=True)
    try:
        view = await parts.look(order)
    except (MarketUnavailable, Malformed, Refused) as error:
        parts.face.tell(order.run_id, f"no look at {short_id(order.order_id)}: {error}")
        return None
    return phase(view.status)


def storage_of(parts: Parts, order: OrderRow) -> Charge | None:
    """The open storage charge of a stopped pod."""
    charges = parts.log.charges(order.run_id, [ChargeState.ACCRUING])
    return next((one for one in charges if one.attempt == order.attempt), None)


def kept_until(parts: Parts, storage: Charge) -> datetime:
    """When a stopped pod is ended, fetched or not."""
    return storage.created_at + parts.policy.time.uncollected_hours * parts.hour


def close_storage(parts: Parts, order: OrderRow) -> None:
    """Book what the storage of a pod that is gone really cost: every hour begun."""
    storage = storage_of(parts, order)
    if storage is not None:
        now = parts.clock.now()
        hours = -((storage.created_at - now) // parts.hour)
        parts.log.settle(storage.charge_id, ProvenGone(Cents(hours * STORAGE_CENTS_PER_HOUR)), now)


def _new_storage(parts: Parts, order: OrderRow) -> Charge:
    rented = parts.log.charge(order.charge_id)
    hours = parts.policy.time.uncollected_hours
    return Charge(
        charge_id=parts.new_id("chg"),
        run_id=order.run_id,
        attempt=order.attempt,
        kind=Kind.STORAGE,
        rail=Rail.CREDITS,
        gpu_id=rented.gpu_id if rented else "",
        hours=hours,
        amount=Cents(hours * STORAGE_CENTS_PER_HOUR),
        state=ChargeState.ACCRUING,
        account=parts.account,
        base_url=parts.base_url,
        auto=False,
        order_id=order.order_id,
        balance_before=None,
        total_spent_before=None,
        late=False,
        note="a stopped pod's volume, booked ahead",
        created_at=parts.clock.now(),
        submitted_at=None,
        settled_at=None,
    )
