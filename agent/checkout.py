"""Paying by checkout: one link per intent, requested once, shown only while something watches it (law 6)."""

from dataclasses import replace
from datetime import datetime, timedelta

from agent.parts import BUYS_NOTHING, Parts
from agent.purchase import SEND_WITHIN_SECONDS, belongs_elsewhere, keep, new_order
from policies.answers import Checkout, CheckoutOutcome, Declined, Garbled, Silence, Unsent
from policies.budget import CapHit
from policies.charge import ChargeState, LinkExpired, LinkShown, OrderMoved, Released, Unknown
from policies.judge import judge_checkout, order_moved
from policies.offer import Offer
from tools.errors import (
    IntentAlreadyOpen,
    Malformed,
    MarketUnavailable,
    NothingSent,
    NotWanted,
    OutcomeUnknown,
    Refused,
)
from tools.spend_log.port import Frozen, NotApproved
from tools.spend_log.rows import Charge, OrderRow

WATCH_EXPIRED = timedelta(hours=24)
"""How long an expired link is still counted and watched for a late payment."""


async def request_link(parts: Parts, offer: Offer) -> Charge | CapHit | Frozen | NotApproved:
    """Reserve, send `rent` once, keep what came back. The charge returned awaits payment, is released or in doubt."""
    if not parts.spends:
        return Frozen(BUYS_NOTHING)
    charge_id = parts.new_id("chg")
    reserved = parts.log.reserve(charge_id, offer, parts.caps(offer.run_id), parts.clock.now(), None)
    if not isinstance(reserved, Charge):
        return reserved
    try:
        parts.log.submit(charge_id, parts.clock.now(), None, parts.holder)
    except IntentAlreadyOpen as frozen:
        parts.log.settle(charge_id, Released(str(frozen)), parts.clock.now())
        return Frozen(str(frozen))
    except NotWanted as unwanted:
        return parts.log.settle(charge_id, Released(str(unwanted)), parts.clock.now())
    status, outcome = await _send(parts, charge_id, offer, parts.clock.monotonic())
    parts.log.landed(charge_id, parts.clock.now())
    return await _book(parts, charge_id, offer, status, outcome)


async def _send(parts: Parts, charge_id: str, offer: Offer, committed_at: float) -> tuple[int | None, CheckoutOutcome]:
    if parts.clock.monotonic() - committed_at > SEND_WITHIN_SECONDS:
        return None, Unsent("not sent within 5 seconds of the intent")
    try:
        answer = await parts.market.rent(offer.gpu_id, offer.hours)
    except NothingSent as error:
        return None, Unsent(str(error))
    except OutcomeUnknown:
        return None, Silence()
    await keep(parts, charge_id, offer, answer)
    return answer.status, parts.read_checkout(answer, parts.clock.now())


async def _book(parts: Parts, charge_id: str, offer: Offer, status: int | None, outcome: CheckoutOutcome) -> Charge:
    event = judge_checkout(outcome, offer, status=status)
    order_id = _named_order(outcome)
    if order_id and belongs_elsewhere(parts, order_id, offer.run_id):
        parts.log.freeze("the provider named an order that belongs to another run", parts.clock.now())
        return parts.log.settle(charge_id, Unknown("the order named belongs to another run"), parts.clock.now())
    if order_id:
        order = replace(new_order(parts, charge_id, offer, order_id), paid_from=None)
        if isinstance(event, Unknown):
            order = replace(order, paid_from=parts.clock.now())
        elif isinstance(outcome, Checkout) and not isinstance(event, Released):
            now = parts.clock.now()
            order = replace(order, checkout_url=outcome.url, checkout_expires_at=outcome.expires_at, paid_from=now)
        parts.log.add_order(order)
        if not await _first_status(parts, order) and isinstance(event, LinkShown):
            event = Released("the order could not be looked at, so a payment could not be told; the link is not shown")
    return parts.log.settle(charge_id, event, parts.clock.now())


def _named_order(outcome: CheckoutOutcome) -> str | None:
    match outcome:
        case Checkout(order_id=order_id) | Garbled(order_id=order_id) | Declined(order_id=order_id):
            return order_id
        case _:
            return None


async def _first_status(parts: Parts, order: OrderRow) -> str:
    """The status before anybody can have paid, since the link is not shown yet; "" when it can't be seen."""
    try:
        await parts.look(order)
    except (MarketUnavailable, Malformed, Refused):
        return ""
    seen = parts.log.order(order.order_id)
    return seen.first_status if seen else ""


async def settle_left_over(parts: Parts, charge: Charge, offer: Offer) -> Charge:
    """Settle a checkout that a dead process left at `submitting`: by the stored answer, else no link was shown."""
    kept = parts.log.kept_answer(charge.charge_id)
    if kept is None:
        return await _book(parts, charge.charge_id, offer, None, Silence())
    outcome = parts.read_checkout(kept, parts.clock.now())
    return await _book(parts, charge.charge_id, offer, kept.status, outcome)


async def verify(parts: Parts, charge: Charge) -> Charge:
    """See whether the link was paid or its time is over, and book that; else the charge stays as it is."""
    order = parts.log.order(charge.order_id)
    if order is None:
        return charge
    looked_at = parts.clock.now()
    try:
        view = await parts.look(order)
    except (MarketUnavailable, Malformed, Refused):
        return _out_of_time(parts, charge, order, looked_at)
    if order_moved(order.first_status, view.status):
        return parts.log.settle(charge.charge_id, OrderMoved(), parts.clock.now())
    parts.log.mark_order(order.order_id, paid_from=looked_at)
    seen = _out_of_time(parts, charge, order, looked_at)
    if seen.state is ChargeState.EXPIRED and looked_at >= watch_until(parts, order):
        return parts.log.settle(charge.charge_id, Released("the link was never paid"), looked_at)
    return seen


def _out_of_time(parts: Parts, charge: Charge, order: OrderRow, now: datetime) -> Charge:
    """An expired link is no longer shown, whether or not the provider answers; it goes on being counted and watched."""
    if charge.state is ChargeState.AWAITING_PAYMENT and now >= link_deadline(parts, order):
        return parts.log.settle(charge.charge_id, LinkExpired(), now)
    return charge


def link_deadline(parts: Parts, order: OrderRow) -> datetime:
    """When a link counts as expired: its own end and the policy's grace."""
    end = order.checkout_expires_at or order.created_at
    return end + timedelta(minutes=parts.policy.payment.grace_minutes)


def watch_until(parts: Parts, order: OrderRow) -> datetime:
    """When an expired link needs no more watching."""
    return link_deadline(parts, order) + WATCH_EXPIRED
