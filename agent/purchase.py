"""Buying from credits: reserve, look again, commit the intent, send once, store the answer, judge it (laws 1 to 4)."""

from dataclasses import dataclass

from agent.account import read_account
from agent.parts import BUYS_NOTHING, Parts
from agent.pricing import current_listing, moved
from policies.answers import Answer, Balance, CreditOutcome, Declined, Garbled, Receipt, Silence, Unsent
from policies.budget import CapHit
from policies.charge import ChargeState, IllegalMove, Released, Unknown
from policies.judge import judge_credits
from policies.money import usd
from policies.offer import Offer
from tools.errors import (
    IntentAlreadyOpen,
    Malformed,
    MarketUnavailable,
    NothingSent,
    NotWanted,
    OutcomeUnknown,
    Refused,
    StoreUnusable,
)
from tools.spend_log.port import Frozen, NotApproved
from tools.spend_log.rows import Charge, OrderRow

SEND_WITHIN_SECONDS = 5
"""Law 1: an intent is sent within this of its commit, or not at all."""

PRICE_GOOD_FOR_SECONDS = 10

IN_TURN_SECONDS = 30
"""How long a reserved purchase waits for another one's answer; a doubt lasts longer, and is not waited for here."""


@dataclass(frozen=True, slots=True)
class NotReserved:
    """Nothing was reserved, and why."""

    why: CapHit | Frozen | NotApproved


@dataclass(frozen=True, slots=True)
class OfferTakenBack:
    """The reservation was released before anything was sent: the market or the balance had moved."""

    reason: str


async def buy(parts: Parts, offer: Offer, approval_id: str | None) -> Charge | NotReserved | OfferTakenBack:
    """Spend credits on `offer`, at most once. The charge returned is settled, or in doubt."""
    if not parts.spends:
        return NotReserved(Frozen(BUYS_NOTHING))
    charge_id = parts.new_id("chg")
    reserved = parts.log.reserve(charge_id, offer, parts.caps(offer.run_id), parts.clock.now(), approval_id)
    if not isinstance(reserved, Charge):
        return NotReserved(reserved)
    try:
        await _submit_in_turn(parts, charge_id, offer)
    except IllegalMove:
        return OfferTakenBack("another process released the reservation meanwhile")
    except (OfferMoved, NotWanted, MarketUnavailable, Malformed, Refused, IntentAlreadyOpen) as reason:
        parts.log.settle(charge_id, Released(str(reason)), parts.clock.now())
        return OfferTakenBack(str(reason))
    outcome = await send(parts, charge_id, offer, parts.clock.monotonic())
    parts.log.landed(charge_id, parts.clock.now())
    return await book(parts, charge_id, offer, outcome)


async def _submit_in_turn(parts: Parts, charge_id: str, offer: Offer) -> None:
    """Commit the intent once no other purchase is in flight on the key; what was approved is not given up for a second.

    Raises:
        IntentAlreadyOpen: another one is in flight for longer, or spending is frozen.
        NotWanted: the run was cancelled meanwhile, or the grant taken back.
        OfferMoved, MarketUnavailable, Malformed, Refused: as `last_look`, which is taken anew before each try.
    """
    give_up_at = parts.clock.monotonic() + IN_TURN_SECONDS
    while True:
        balance = await last_look(parts, offer)
        try:
            parts.log.submit(charge_id, parts.clock.now(), balance, parts.holder)
        except IntentAlreadyOpen:
            if parts.log.frozen() or parts.clock.monotonic() >= give_up_at:
                raise
            await parts.clock.sleep(1)
        else:
            return


class OfferMoved(Exception):
    """Between the reservation and the intent, the market or the balance moved."""


async def last_look(parts: Parts, offer: Offer) -> Balance:
    """The balance, and the price once more.

    Raises:
        OfferMoved: the price moved, the GPU is gone, the balance is short, or less of it is ours than we thought.
        MarketUnavailable, Malformed, Refused: one of them can't be read.
    """
    balance, observed = await read_account(parts)
    if any(found.state is ChargeState.ORPHANED for found in observed.booked):
        raise OfferMoved("money was taken that we did not know of, so the caps are looked at again")
    if balance.balance < offer.amount:
        raise OfferMoved(f"the balance is ${usd(balance.balance)}, the offer costs ${usd(offer.amount)}")
    read_at = parts.clock.monotonic()
    change = moved(await current_listing(parts, offer), offer)
    if not change and parts.clock.monotonic() - read_at > PRICE_GOOD_FOR_SECONDS:
        change = "the price took too long to read"
    if change:
        raise OfferMoved(change)
    return balance


async def send(parts: Parts, charge_id: str, offer: Offer, committed_at: float) -> CreditOutcome:
    """The one call that spends. Its raw answer is stored before anything looks at it.

    Args:
        committed_at: the monotonic time of the intent's commit.
    """
    if parts.clock.monotonic() - committed_at > SEND_WITHIN_SECONDS:
        return Unsent("not sent within 5 seconds of the intent")
    try:
        answer = await parts.market.rent_with_credits(offer.gpu_id, offer.hours)
    except NothingSent as error:
        return Unsent(str(error))
    except OutcomeUnknown:
        return Silence()
    await keep(parts, charge_id, offer, answer)
    return parts.read_receipt(answer)


KEEP_TRIES = 5


async def keep(parts: Parts, charge_id: str, offer: Offer, answer: Answer) -> None:
    """Store a raw answer. Where the store fails to the last, the human gets the order id: nobody else has it any more.

    Raises:
        StoreUnusable: it could not be stored.
    """
    for left in reversed(range(KEEP_TRIES)):
        try:
            parts.log.keep_answer(charge_id, answer.status, answer.body, parts.clock.now())
        except StoreUnusable:
            if left:
                await parts.clock.sleep(1)
                continue
            order_id = named_order(parts.read_receipt(answer)) or "without an id"
            parts.face.tell(offer.run_id, f"WRITE THIS DOWN: order {order_id} may be running, and it can't be stored")
            raise
        else:
            return


async def book(parts: Parts, charge_id: str, offer: Offer, outcome: CreditOutcome) -> Charge:
    """Keep the order, then settle the charge by what the outcome proves."""
    order_id = named_order(outcome)
    if order_id and belongs_elsewhere(parts, order_id, offer.run_id):
        parts.log.freeze("the provider named an order that belongs to another run", parts.clock.now())
        return parts.log.settle(charge_id, Unknown("the order named belongs to another run"), parts.clock.now())
    if order_id:
        parts.log.add_order(new_order(parts, charge_id, offer, order_id))
    unmoved = isinstance(outcome, Declined) and await spent_unmoved(parts, charge_id)
    event = judge_credits(outcome, offer, spent_unmoved=unmoved)
    return parts.log.settle(charge_id, event, parts.clock.now())


def belongs_elsewhere(parts: Parts, order_id: str, run_id: str) -> bool:
    """Whether an order just named is one of another run's."""
    known = parts.log.order(order_id)
    return known is not None and known.run_id != run_id


async def settle_left_over(parts: Parts, charge: Charge, offer: Offer) -> Charge:
    """Settle a charge that a dead process left at `submitting`: by the answer it had stored, else in doubt."""
    kept: Answer | None = parts.log.kept_answer(charge.charge_id)
    outcome: CreditOutcome = Silence() if kept is None else parts.read_receipt(kept)
    return await book(parts, charge.charge_id, offer, outcome)


async def spent_unmoved(parts: Parts, charge_id: str) -> bool:
    """Whether `total_spent` is what it was before the intent; False where it, or that account's, can't be read."""
    charge = parts.log.charge(charge_id)
    if charge is None or (charge.account, charge.base_url) != (parts.account, parts.base_url):
        return False
    try:
        after = await parts.market.balance()
    except (MarketUnavailable, Malformed, Refused):
        return False
    return charge.total_spent_before == after.spent


def named_order(outcome: CreditOutcome) -> str | None:
    """The order id in an answer, even in a broken one: a lost order id is a machine nobody can stop."""
    match outcome:
        case Receipt(order_id=order_id) | Garbled(order_id=order_id) | Declined(order_id=order_id):
            return order_id
        case _:
            return None


def new_order(parts: Parts, charge_id: str, offer: Offer, order_id: str) -> OrderRow:
    """A row for an order just named. Its paid hours count from the intent: the earliest they can have begun."""
    charge = parts.log.charge(charge_id)
    return OrderRow(
        order_id=order_id,
        run_id=offer.run_id,
        attempt=offer.attempt,
        charge_id=charge_id,
        status="",
        first_status="",
        hours=offer.hours,
        paid_from=charge.submitted_at if charge else None,
        host_key="",
        on_volume=False,
        job_started=False,
        collected=False,
        checkout_url="",
        checkout_expires_at=None,
        terminate_tries=0,
        created_at=parts.clock.now(),
        gone_at=None,
    )
