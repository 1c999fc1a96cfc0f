"""Pods that cost money by the hour beyond what was paid for them: counted until proven gone (MONEY.md, `accruing`).

A stopped pod's storage is booked ahead; an overrunning pod, one that is still there after its paid hours, is counted at
its GPU's price for every hour begun. Both count beyond the caps: not counting them would not end them.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from agent.lease_time import lease_end
from policies.charge import SPENT, ChargeState, IllegalMove, ProvenGone
from policies.money import Cents, reservation
from policies.offer import Rail
from policies.order import phase
from tools.spend_log.rows import Charge, Kind, OrderRow

if TYPE_CHECKING:
    from agent.parts import Parts

STORAGE_CENTS_PER_HOUR = 5
"""What a stopped pod costs: 5 tokens an hour, 1 token = 1 cent (the provider's documentation)."""


def after_look(parts: "Parts", order: OrderRow, status: str) -> None:
    """Bring what a pod accrues in line with what it just said of itself; `order` is as it was before that."""
    match phase(status):
        case "gone":
            for charge in _accruing(parts, order):
                _close(parts, order, charge)
        case "stopped" if _was_bought(parts, order):
            _close_overrun(parts, order)
            open_storage(parts, order, paid_since(order))
        case "running" | "pending" if _was_bought(parts, order) and parts.clock.now() > lease_end(order, parts.hour):
            _count_overrun(parts, order)
        case _:
            pass


def storage_of(parts: "Parts", order: OrderRow) -> Charge | None:
    """The open storage charge of a stopped pod."""
    return next((one for one in _accruing(parts, order) if one.kind is Kind.STORAGE), None)


def kept_until(parts: "Parts", order: OrderRow) -> datetime:
    """When a stopped pod is ended, fetched or not; of one that is not stopped yet, as if it were stopped now.

    Its time begins once: a pod that was ended when it was over, and lives again all the same, is not kept anew.
    """
    kept = [one for one in parts.log.charges(order.run_id) if _keeps(one, order)]
    if not kept:
        return parts.clock.now() + parts.policy.time.uncollected_hours * parts.hour
    return min(storage.created_at + storage.hours * parts.hour for storage in kept)


def _keeps(charge: Charge, order: OrderRow) -> bool:
    return charge.kind is Kind.STORAGE and charge.order_id == order.order_id


def paid_since(order: OrderRow) -> datetime:
    """Since when a pod found stopped, by its own timer say, may have cost storage: any moment after its payment."""
    return order.paid_from or order.created_at


def open_storage(parts: "Parts", order: OrderRow, since: datetime) -> Charge:
    """Book a stopped pod's storage ahead, for `uncollected_hours` from now; where it lasts longer, the hours begun."""
    standing = storage_of(parts, order)
    now = parts.clock.now()
    if standing is None:
        hours = parts.policy.time.uncollected_hours + _hours_begun(parts, since, now)
        standing = _new(parts, order, Kind.STORAGE, hours, since, "a stopped pod's volume, booked ahead")
    amount = max(standing.amount, _cost(parts, order, standing, now))
    booked = replace(standing, amount=amount)
    parts.log.accrue(booked)
    return booked


def _count_overrun(parts: "Parts", order: OrderRow) -> None:
    now = parts.clock.now()
    standing = _overrun_of(parts, order)
    if standing is None:
        # While it was stopped it cost storage, and nothing else.
        since = now if storage_of(parts, order) else lease_end(order, parts.hour)
        standing = _new(parts, order, Kind.OVERRUN, 0, since, "a pod that is still there after its paid hours")
    amount = max(standing.amount, _cost(parts, order, standing, now))
    parts.log.accrue(replace(standing, amount=amount))


def _close_overrun(parts: "Parts", order: OrderRow) -> None:
    overrun = _overrun_of(parts, order)
    if overrun is not None:
        _close(parts, order, overrun)


def _close(parts: "Parts", order: OrderRow, charge: Charge) -> None:
    """Every hour begun; what was booked ahead and not used is given back."""
    now = parts.clock.now()
    with suppress(IllegalMove):  # another process has looked at the same moment, and has closed it
        parts.log.settle(charge.charge_id, ProvenGone(_cost(parts, order, charge, now)), now)


def _cost(parts: "Parts", order: OrderRow, charge: Charge, until: datetime) -> Cents:
    hours = _hours_begun(parts, charge.created_at, until)
    if charge.kind is Kind.STORAGE:
        return Cents(hours * STORAGE_CENTS_PER_HOUR)
    offer = next(one.offer for one in parts.log.attempts(order.run_id) if one.offer.attempt == order.attempt)
    return reservation(offer.price_per_hour, hours) if hours else Cents(0)


def _hours_begun(parts: "Parts", since: datetime, until: datetime) -> int:
    return max(0, -((since - until) // parts.hour))


def _accruing(parts: "Parts", order: OrderRow) -> list[Charge]:
    charges = parts.log.charges(order.run_id, [ChargeState.ACCRUING])
    return [one for one in charges if one.order_id == order.order_id]


def _overrun_of(parts: "Parts", order: OrderRow) -> Charge | None:
    return next((one for one in _accruing(parts, order) if one.kind is Kind.OVERRUN), None)


def _was_bought(parts: "Parts", order: OrderRow) -> bool:
    """A link that nobody paid costs nothing, whatever its order says."""
    charge = parts.log.charge(order.charge_id)
    return charge is not None and charge.state in SPENT


def _new(parts: "Parts", order: OrderRow, kind: Kind, hours: int, since: datetime, note: str) -> Charge:
    """Its id is its pod's and its number's, so that two processes that see the same write one row.

    The account is the one that rented the pod, whoever looks at it now.
    """
    rented = parts.log.charge(order.charge_id)
    before = [one for one in parts.log.charges(order.run_id) if one.kind is kind and one.order_id == order.order_id]
    by_credits = rented is not None and rented.rail is Rail.CREDITS
    amount = Cents(hours * STORAGE_CENTS_PER_HOUR if kind is Kind.STORAGE else 0)
    return Charge(
        charge_id=f"{order.charge_id}-{kind.value}-{len(before) + 1}",
        run_id=order.run_id,
        attempt=order.attempt,
        kind=kind,
        rail=Rail.CREDITS,
        gpu_id=rented.gpu_id if rented else "",
        hours=hours,
        amount=amount,
        state=ChargeState.ACCRUING,
        account=rented.account if rented and by_credits else parts.account,
        base_url=rented.base_url if rented and by_credits else parts.base_url,
        auto=False,
        order_id=order.order_id,
        balance_before=None,
        total_spent_before=None,
        late=False,
        note=note,
        created_at=since,
        submitted_at=None,
        settled_at=None,
    )
