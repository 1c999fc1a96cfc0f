"""rent: read the price again and decide. On credits nothing is sent here; a checkout is reserved and requested once."""

from datetime import timedelta
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import checkout, endings
from agent.offers import offer_again
from agent.parts import Parts
from agent.patient import to_the_end
from agent.pricing import current_listing, moved
from agent.state import State
from agent.wanted import another_is_wanted, fresh_was_asked_for
from policies.budget import CapHit, first_cap_broken
from policies.offer import Offer, Rail
from policies.wish import is_met
from tools.errors import Malformed, MarketUnavailable, OfferPutAside, Refused
from tools.spend_log.port import Frozen, NotApproved
from tools.spend_log.rows import Charge

Next = Literal["discover", "escalate", "pay", "report"]


async def rent(state: State, runtime: Runtime[Parts]) -> Command[Next]:
    """Check the offer against the market and the caps once more, then go the way of its rail."""
    parts = runtime.context
    offer = parts.attempt(state["run_id"]).offer
    if parts.money_at_work(offer.run_id):
        return Command(goto="pay")
    if parts.run(offer.run_id).cancel_requested:
        return _end(endings.cancelled("cancelled before anything was spent"))
    if another_is_wanted(parts.log, offer.run_id):
        return Command(goto="discover")
    if not parts.pays_as(offer):
        return offer_again(state, parts, "the offer was made for another account or provider")
    try:
        change = moved(await current_listing(parts, offer), offer)
    except (MarketUnavailable, Refused, Malformed) as error:
        return _end(endings.provider_failed(f"the price can't be read: {error}"))
    if change:
        return offer_again(state, parts, change)
    if offer.rail is Rail.STRIPE:
        return await _request_link(parts, offer)
    return _ask_or_pay(parts, offer)


def _end(ending: State) -> Command[Next]:
    return Command(update=ending, goto="report")


async def _request_link(parts: Parts, offer: Offer) -> Command[Next]:
    """Whatever came back is booked by now; `pay` reads it from the spend log."""
    requested = await to_the_end(checkout.request_link(parts, offer))
    match requested:
        case CapHit(message=message):
            return _end(endings.refused(message))
        case Frozen(reason=reason):
            return _end(endings.refused(f"spending is frozen: {reason}"))
        case NotApproved():
            return Command(goto="pay")
        case Charge(state="awaiting_payment"):
            return Command(goto="escalate")
        case Charge():
            return Command(goto="pay")


def _ask_or_pay(parts: Parts, offer: Offer) -> Command[Next]:
    now = parts.clock.now()
    used, caps = parts.log.usage(offer.run_id, now), parts.caps(offer.run_id)
    limit = first_cap_broken(offer.amount, used, caps, auto=True)
    if limit is not None and limit.needs_a_human and parts.log.covering_grant(offer, now) is not None:
        limit = first_cap_broken(offer.amount, used, caps, auto=False)
    if limit is not None and not limit.needs_a_human:
        return _end(endings.refused(limit.message))
    if limit is None and not _somebody_wants_to_see(parts, offer):
        return Command(goto="pay")
    expires_at = now + timedelta(minutes=parts.policy.payment.approval_minutes)
    try:
        parts.log.ask(offer, parts.new_code(), now, expires_at)
    except OfferPutAside:  # by a human, in the moment since the price was read
        return Command(goto="discover")
    return Command(goto="escalate")


def _somebody_wants_to_see(parts: Parts, offer: Offer) -> bool:
    """Whoever asked for something else, or for a fresh offer, is asked, though it might be paid without."""
    wishes = parts.log.wishes(offer.run_id)
    if wishes and not is_met(wishes[-1].wish, offer):
        return True
    granted = parts.log.covering_grant(offer, parts.clock.now()) is not None
    return not granted and fresh_was_asked_for(parts.log, offer.run_id)
