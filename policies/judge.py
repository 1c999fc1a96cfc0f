"""What the answer to a spending call proves about the money (MONEY.md, states of a charge)."""

import re

from policies.answers import (
    Checkout,
    CheckoutOutcome,
    CreditOutcome,
    Declined,
    Garbled,
    Receipt,
    Silence,
    Unsent,
)
from policies.charge import ChargeEvent, LinkShown, Mismatched, Paid, Released, Unknown
from policies.money import exact_cents, usd
from policies.offer import Offer

PROVEN_REFUSALS = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422})
"""Only these statuses, without an order id and with an unmoved `total_spent`, prove that credits were not taken."""

_CENT = 1


def judge_credits(outcome: CreditOutcome, offer: Offer, *, spent_unmoved: bool) -> ChargeEvent:
    """What a `rent-with-credits` call did.

    Args:
        outcome: the parsed answer, or the lack of one.
        offer: what was asked for.
        spent_unmoved: `total_spent` read before and after the call is the same.
    """
    match outcome:
        case Receipt():
            return _judge_receipt(outcome, offer)
        case Declined(status=status, order_id=None) if status in PROVEN_REFUSALS and spent_unmoved:
            return Released(f"refused with {status}")
        case Declined(status=status):
            return Unknown(f"answered {status}, which does not prove that nothing was charged")
        case Garbled(reason=reason):
            return Unknown(f"the answer is broken: {reason}")
        case Silence():
            return Unknown("no answer came back")
        case Unsent(reason=reason):
            return Released(f"nothing was sent: {reason}")


def _judge_receipt(receipt: Receipt, offer: Offer) -> ChargeEvent:
    if not same_gpu(receipt.gpu, offer):
        larger = max(receipt.credits_spent, offer.amount)
        return Mismatched(larger, receipt.order_id, f"rented {receipt.gpu} instead of {offer.gpu_name}")
    if receipt.credits_spent > exact_cents(offer.price_per_hour, offer.hours) + _CENT:
        why = f"took ${usd(receipt.credits_spent)} instead of ${usd(offer.amount)}"
        return Mismatched(receipt.credits_spent, receipt.order_id, why)
    return Paid(receipt.credits_spent, receipt.order_id)


def judge_checkout(outcome: CheckoutOutcome, offer: Offer, *, status: int | None) -> ChargeEvent:
    """What a `rent` call did. Nobody can pay a link that was never shown, so a broken answer frees the money.

    Args:
        outcome: the parsed answer, or the lack of one.
        offer: what was asked for.
        status: the HTTP status; a 2xx from `rent` is not documented and proves nothing.
    """
    if status is not None and 200 <= status < 300:
        return Unknown(f"rent answered {status} instead of 402")
    match outcome:
        case Checkout():
            wrong = _wrong_link(outcome, offer)
            return Released(wrong) if wrong else LinkShown(outcome.order_id, outcome.total)
        case Declined(status=refused):
            return Released(f"refused with {refused}")
        case Garbled(reason=reason):
            return Released(f"no link was shown, the answer is broken: {reason}")
        case Silence():
            return Released("no link was shown, no answer came back")
        case Unsent(reason=reason):
            return Released(f"nothing was sent: {reason}")


def _wrong_link(link: Checkout, offer: Offer) -> str:
    if not same_gpu(link.gpu, offer):
        return f"the checkout is for {link.gpu} instead of {offer.gpu_name}"
    if link.hours != offer.hours:
        return f"the checkout is for {link.hours} h instead of {offer.hours} h"
    if link.total > exact_cents(offer.price_per_hour, offer.hours) + _CENT:
        return f"the checkout is for ${usd(link.total)} instead of ${usd(offer.amount)}"
    return ""


def same_gpu(answered: str, offer: Offer) -> bool:
    """Whether an answer names the GPU of the offer, by id or by name, spacing and case aside."""
    return _bare(answered) in {_bare(offer.gpu_id), _bare(offer.gpu_name)}


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def order_moved(first_status: str, status: str) -> bool:
    """Whether the order of a checkout link was paid: it left the status seen right after `rent`.

    Where that first look failed, only a status that a pod has proves it.
    """
    if not first_status:
        return status in {"deploying", "starting", "running"}
    return status != first_status
