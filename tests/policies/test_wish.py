"""What a wish for another offer means, and what no policy can grant."""

from dataclasses import replace
from decimal import Decimal

import pytest

from policies.money import Cents
from policies.offer import Offer, Rail
from policies.policy import Payment, Policy, Time
from policies.wish import NO_WISH, Wish, is_met, out_of_the_question, taken_with

OFFER = Offer("run", 1, "gpu", "GPU", 24, Decimal("0.49"), 2, Cents(98), Rail.CREDITS, "key", "https://x", "a" * 64)


@pytest.mark.parametrize(
    ("said", "before", "whole"),
    [
        (Wish(Rail.STRIPE, None), NO_WISH, Wish(Rail.STRIPE, None)),
        (Wish(Rail.STRIPE, None), Wish(None, 2), Wish(Rail.STRIPE, 2)),
        (Wish(Rail.STRIPE, None), Wish(None, 20), Wish(Rail.STRIPE, None)),
        (Wish(None, 3), Wish(Rail.CREDITS, 2), Wish(Rail.CREDITS, 3)),
        (Wish(None, 3), Wish(Rail.STRIPE, None), Wish(None, 3)),
    ],
    ids=str,
)
def test_what_the_offer_had_granted_goes_on(said: Wish, before: Wish, whole: Wish) -> None:
    """The rest of an earlier wish, where the offer shows it; what was not granted is forgotten."""
    assert taken_with(said, OFFER, before) == whole


def test_a_wish_is_met_by_an_offer_like_it() -> None:
    """In the way to pay and in the hours, where they were named."""
    assert all(
        is_met(wish, OFFER) for wish in (NO_WISH, Wish(Rail.CREDITS, None), Wish(None, 2), Wish(Rail.CREDITS, 2))
    )
    assert not is_met(Wish(Rail.STRIPE, 2), OFFER)
    assert not is_met(Wish(Rail.CREDITS, 3), OFFER)


def test_what_no_offer_can_be() -> None:
    """Hours beyond the policy's or below one, a rail that it does not have, nothing at all."""
    policy = Policy(payment=Payment(rails=(Rail.CREDITS,)), time=replace(Time(), max_hours=4))
    assert out_of_the_question(Wish(None, 5), policy) == "5 h are more than time.max_hours of the policy, 4 h"
    assert out_of_the_question(Wish(None, 0), policy) == "0 h: an order is for 1 h at least"
    assert out_of_the_question(Wish(Rail.STRIPE, None), policy) == 'payment.rails in the policy does not have "stripe"'
    assert out_of_the_question(NO_WISH, policy)
    assert out_of_the_question(Wish(Rail.CREDITS, 4), policy) is None
    assert out_of_the_question(Wish(None, 1), policy) is None


def test_in_words() -> None:
    """For a human who reads the reason of an offer."""
    assert [str(wish) for wish in (Wish(Rail.STRIPE, 3), Wish(Rail.CREDITS, None), Wish(None, 1))] == [
        "3 h by card",
        "from credits",
        "1 h",
    ]
