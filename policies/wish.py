"""What a human asks for instead of the offer that they were shown: another way to pay, other hours, or both."""

from dataclasses import dataclass

from policies.offer import Offer, Rail
from policies.policy import Policy


@dataclass(frozen=True, slots=True)
class Wish:
    """What the next offers of a run are to be like.

    Attributes:
        rail: the only way to pay; None: the first of the policy's that can.
        hours: to be paid for; None: as computed.
    """

    rail: Rail | None
    hours: int | None

    def __str__(self) -> str:
        hours = "" if self.hours is None else f"{self.hours} h"
        rail = "" if self.rail is None else self.rail.words
        return " ".join(filter(None, (hours, rail)))


NO_WISH = Wish(None, None)


def taken_with(said: Wish, offer: Offer, before: Wish) -> Wish:
    """A wish about `offer`, with what the offer had granted of the wish before: "by card" does not undo "3 hours"."""
    return Wish(
        said.rail or (before.rail if before.rail is offer.rail else None),
        said.hours or (before.hours if before.hours == offer.hours else None),
    )


def is_met(wish: Wish, offer: Offer) -> bool:
    """Whether an offer is what was wished for."""
    return wish.rail in {None, offer.rail} and wish.hours in {None, offer.hours}


def out_of_the_question(wish: Wish, policy: Policy) -> str | None:
    """Why no offer under this policy can meet a wish, whatever the market; or None where one may."""
    limit = policy.time.max_hours
    if wish == NO_WISH:
        return "neither a way to pay nor hours are named"
    if wish.hours is not None and wish.hours < 1:
        return f"{wish.hours} h: an order is for 1 h at least"
    if wish.hours is not None and wish.hours > limit:
        return f"{wish.hours} h are more than time.max_hours of the policy, {limit} h"
    if wish.rail is not None and wish.rail not in policy.payment.rails:
        return f'payment.rails in the policy does not have "{wish.rail}"'
    return None
