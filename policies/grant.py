"""A grant: a human's yes given ahead, to any number of orders up to an amount, used up one by one (law 4)."""

from dataclasses import dataclass
from datetime import datetime

from policies.money import Cents, usd
from policies.offer import Offer, Rail
from policies.text import counted


@dataclass(frozen=True, slots=True)
class Terms:
    """What was said yes to.

    Attributes:
        amount: all orders together.
        pods: so many orders at most.
        account, base_url: who pays, and whom; as in an offer.
        until: no order from this moment on.
    """

    amount: Cents
    pods: int
    account: str
    base_url: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Used:
    """What was ordered under a grant so far, purchases that were proven not to happen left out."""

    amount: Cents
    pods: int


def not_covered(terms: Terms, used: Used, offer: Offer, now: datetime) -> str | None:
    """Why a grant does not cover one more order, or None where it does."""
    if offer.rail is not Rail.CREDITS:
        return "a grant pays from credits only"
    if (offer.account, offer.base_url) != (terms.account, terms.base_url):
        return "the grant is for another account or provider"
    if now >= terms.until:
        return f"the grant ended at {terms.until:%Y-%m-%d %H:%M:%S} UTC"
    if used.amount + offer.amount > terms.amount:
        return (
            f"${usd(used.amount)} of the ${usd(terms.amount)} granted are used: ${usd(offer.amount)} more is too much"
        )
    if used.pods >= terms.pods:
        return f"the {counted(terms.pods, 'pod granted is', 'pods granted are')} used"
    return None


@dataclass(frozen=True, slots=True)
class NightTerms:
    """What was said yes to for many nights of a schedule.

    Attributes:
        each: of one night; its `until` ends them all.
        nights: so many at most.
    """

    each: Terms
    nights: int

    @property
    def total(self) -> Cents:
        """What all of them may cost together."""
        return Cents(self.each.amount * self.nights)


def not_drawn(terms: NightTerms, nights: int, account: str, base_url: str, now: datetime) -> str | None:
    """Why a standing grant gives nothing for one more night after so many, or None where it does."""
    if (account, base_url) != (terms.each.account, terms.each.base_url):
        return "the grant is for another account or provider"
    if now >= terms.each.until:
        return f"the grant ended at {terms.each.until:%Y-%m-%d %H:%M:%S} UTC"
    if nights >= terms.nights:
        return f"the {terms.nights} nights granted are used"
    return None
