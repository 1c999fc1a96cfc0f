"""A human's word about money in doubt: the provider was asked, and this is what it said."""

from dataclasses import dataclass, replace
from typing import assert_never

from agent.errors import CannotSettle
from agent.parts import Parts
from agent.purchase import new_order
from policies.charge import ChargeState, DebitFound, IllegalMove, Paid, Released
from policies.money import usd
from policies.offer import Offer
from policies.order import phase, short_id
from tools.errors import Malformed, OfferGone
from tools.spend_log.rows import ENDED, Charge


@dataclass(frozen=True, slots=True)
class ItsOrder:
    """It was charged, and this is the order."""

    order_id: str


@dataclass(frozen=True, slots=True)
class NotCharged:
    """It was never charged."""


@dataclass(frozen=True, slots=True)
class WasRefunded:
    """It was charged, and given back."""


Word = ItsOrder | NotCharged | WasRefunded


async def settle_by_hand(parts: Parts, charge_id: str, word: Word, by: str) -> str:
    """Settle a charge that is in doubt, or name the order of one that is orphaned; returns what follows from it.

    Raises:
        CannotSettle: no such charge, or it is not in doubt, or the order is not the one.
        BadSettings, MarketUnavailable, Refused, Malformed: the order can't be looked at.
    """
    charge = parts.log.charge(charge_id)
    if charge is None:
        raise CannotSettle(f"no charge {charge_id}; `swineherd spend` lists them")
    known_order = isinstance(word, ItsOrder) and charge.state is ChargeState.ORPHANED
    if charge.state is ChargeState.SUBMITTING:
        raise CannotSettle(f"charge {charge_id} may still be on its way: `swineherd resume {charge.run_id}` first")
    if charge.state is not ChargeState.IN_DOUBT and not known_order:
        raise CannotSettle(f"charge {charge_id} is {charge.state}, not in doubt: nothing is left to settle")
    try:
        return await _settle(parts, charge, word, by)
    except IllegalMove as error:
        raise CannotSettle(f"charge {charge_id} was settled by another process meanwhile") from error


async def _settle(parts: Parts, charge: Charge, word: Word, by: str) -> str:
    now = parts.clock.now()
    match word:
        case ItsOrder(order_id=order_id):
            said = await _with_order(parts, charge, order_id)
        case NotCharged():
            parts.log.settle(charge.charge_id, Released(f"not charged, says {by}"), now)
            said = f"${usd(charge.amount)} count no more; if they are taken after all, the next reading finds them"
        case WasRefunded():
            parts.log.settle(charge.charge_id, DebitFound(), now)
            said = (
                f"${usd(charge.amount)} were taken, and go on counting toward the caps; "
                "the next reading of the account books what came back"
            )
        case _:
            assert_never(word)
    parts.log.note(charge.run_id, "settled_by_hand", {"by": by, "as": type(word).__name__}, now, charge.charge_id)
    return said


async def _with_order(parts: Parts, charge: Charge, order_id: str) -> str:
    """The order is looked at first: an id that the provider does not know settles nothing."""
    offer = _offer(parts, charge)
    known = parts.log.order(order_id)
    if known is not None and known.charge_id != charge.charge_id:
        raise CannotSettle(f"{short_id(order_id)} is the order of another charge, {known.charge_id or 'unknown'}")
    try:
        view = await parts.market.order(order_id)
    except OfferGone as error:
        raise CannotSettle(f"{parts.base_url} knows no order {short_id(order_id)}: is the id whole?") from error
    except Malformed as error:
        raise CannotSettle(f"{short_id(order_id)}: {error}") from error
    parts.log.add_order(replace(new_order(parts, charge.charge_id, offer, order_id), created_at=parts.clock.now()))
    if charge.state is ChargeState.IN_DOUBT:
        parts.log.settle(charge.charge_id, Paid(charge.amount, order_id), parts.clock.now())
    parts.log.see_order(order_id, view.status, parts.clock.now())
    return _next(parts, charge, view.status)


def _next(parts: Parts, charge: Charge, status: str) -> str:
    run = parts.run(charge.run_id)
    said = f"${usd(charge.amount)} were paid for an order that is {status}"
    if phase(status) == "gone":
        return said
    verb = "ends it" if run.status in ENDED else "goes on with it"
    return f"{said}; `swineherd resume {run.run_id}` {verb}"


def _offer(parts: Parts, charge: Charge) -> Offer:
    if (charge.account, charge.base_url) != (parts.account, parts.base_url):
        raise CannotSettle(f"charge {charge.charge_id} was made at {charge.base_url}, with another API key")
    for attempt in parts.log.attempts(charge.run_id):
        if attempt.offer.attempt == charge.attempt:
            return attempt.offer
    raise CannotSettle(f"charge {charge.charge_id} belongs to no run: money found on the account has no order")
