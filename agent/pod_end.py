"""Ending a pod, or stopping it to keep what only its volume has; either is believed when the order itself says so."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from agent.accrual import kept_until, open_storage, paid_since
from agent.lease_time import lease_end
from agent.parts import Parts
from policies.charge import ChargeState
from policies.money import usd
from policies.offer import Rail
from policies.order import OrderView, Phase, phase, short_id
from tools.errors import Malformed, MarketUnavailable, OfferGone, Refused, StoreUnusable
from tools.spend_log.rows import OrderRow

T = TypeVar("T")

FORGOTTEN_AFTER = timedelta(days=1)
"""After the paid hours: so long a provider that does not know an order may only be confused."""


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
    seen = await _ask_and_look(_Notes(parts, order), "terminate", parts.market.terminate(order.order_id))
    if seen == "gone":
        parts.face.tell(order.run_id, f"the pod {short_id(order.order_id)} is gone")
    return seen == "gone"


async def stop_to_keep(parts: Parts, order: OrderRow) -> bool:
    """One try to stop a pod whose outputs could not be fetched. True when the order says that it is stopped, or gone.

    Its storage is booked ahead for `uncollected_hours`, beyond the caps: the alternative is losing the results.
    """
    since = paid_since(order) if phase(order.status) == "stopped" else parts.clock.now()
    notes = _Notes(parts, order)
    storage = notes.write(lambda: open_storage(parts, order, since))
    seen = await _ask_and_look(notes, "stop", parts.market.stop(order.order_id))
    if seen == "stopped" and storage is not None:
        until = f"{kept_until(parts, order):%Y-%m-%d %H:%M} UTC"
        what = f"the pod {short_id(order.order_id)} is stopped, its volume is kept until {until}"
        parts.face.tell(order.run_id, f"{what}; ${usd(storage.amount)} is booked for that")
    return seen in {"stopped", "gone"}


async def _ask_and_look(notes: "_Notes", verb: str, asking: Awaitable[str]) -> Phase | None:
    """What the order says of itself after we asked; None when it can't be seen. A broken store stops neither."""
    parts, order = notes.parts, notes.order
    try:
        await asking
    except (MarketUnavailable, Malformed, Refused) as error:
        parts.face.tell(order.run_id, f"{verb} of {short_id(order.order_id)}: {error}")
    notes.write(lambda: parts.log.mark_order(order.order_id, terminate_tried=True))
    try:
        view = await _look(notes)
    except OfferGone as error:
        return _forgotten(notes, error)
    except (MarketUnavailable, Malformed, Refused) as error:
        parts.face.tell(order.run_id, f"no look at {short_id(order.order_id)}: {error}")
        return None
    return phase(view.status)


def _forgotten(notes: "_Notes", error: OfferGone) -> Phase | None:
    """An order that the provider does not know any more, a day after its paid hours, has vanished with its pod."""
    parts, order = notes.parts, notes.order
    if parts.clock.now() < lease_end(order, parts.hour) + FORGOTTEN_AFTER:
        parts.face.tell(order.run_id, f"no look at {short_id(order.order_id)}: {error}")
        return None
    parts.face.tell(order.run_id, f"the provider has forgotten {short_id(order.order_id)}: it counts as gone")
    notes.write(lambda: parts.gone(order))
    return "gone"


async def _look(notes: "_Notes") -> OrderView:
    """As `Parts.look`; what the provider said counts even where it can't be written down."""
    try:
        return await notes.parts.look(notes.order)
    except StoreUnusable as error:
        notes.failed(error)
        return notes.parts.last_views[notes.order.order_id][1]


@dataclass(slots=True)
class _Notes:
    """Writes about a pod on its way out: a store that fails is told once, and keeps no pod from being ended."""

    parts: Parts
    order: OrderRow
    told: bool = False

    def write(self, note: Callable[[], T]) -> T | None:
        """None where it can't be written."""
        try:
            return note()
        except StoreUnusable as error:
            self.failed(error)
            return None

    def failed(self, error: StoreUnusable) -> None:
        """Say so, the first time."""
        if not self.told:
            what = f"{short_id(self.order.order_id)} is looked after all the same"
            self.parts.face.tell(self.order.run_id, f"nothing can be written down ({error}); {what}")
        self.told = True
