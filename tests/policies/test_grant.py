"""A grant covers what was said yes to, to the cent and to the moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from policies.grant import NightTerms, Terms, Used, not_covered, not_drawn
from policies.money import Cents
from policies.offer import Offer, Rail

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
OFFER = Offer("run-1", 1, "GPU", "GPU", 24, Decimal("0.50"), 2, Cents(100), Rail.CREDITS, "key-1", "https://x/api", "a")
TERMS = Terms(Cents(300), 3, "key-1", "https://x/api", NOW + timedelta(hours=1))
NOTHING = Used(Cents(0), 0)


def gives(*, used: int = 0, account: str = "key-1", base_url: str = "https://x/api", now: datetime = NOW) -> str | None:
    return not_drawn(NightTerms(TERMS, 7), used, account, base_url, now)


def test_a_grant_covers_up_to_its_amount() -> None:
    """Equal is allowed, a cent more is not."""
    assert not_covered(TERMS, Used(Cents(200), 2), OFFER, NOW) is None
    why = not_covered(TERMS, Used(Cents(201), 2), OFFER, NOW)
    assert why == "$2.01 of the $3.00 granted are used: $1.00 more is too much"


def test_a_grant_covers_so_many_pods() -> None:
    """The last one granted, and no other."""
    assert not_covered(TERMS, Used(Cents(0), 2), OFFER, NOW) is None
    assert not_covered(TERMS, Used(Cents(0), 3), OFFER, NOW) == "the 3 pods granted are used"


def test_a_grant_ends() -> None:
    """A microsecond before its end it covers, at its end no more."""
    assert not_covered(TERMS, NOTHING, OFFER, TERMS.until - timedelta(microseconds=1)) is None
    assert "ended at" in str(not_covered(TERMS, NOTHING, OFFER, TERMS.until))


@pytest.mark.parametrize(
    "other", [replace(OFFER, account="key-2"), replace(OFFER, account=""), replace(OFFER, base_url="https://y/api")]
)
def test_a_grant_is_for_one_payer_and_one_provider(other: Offer) -> None:
    """Another key, another market."""
    assert "another account or provider" in str(not_covered(TERMS, NOTHING, other, NOW))


def test_a_checkout_is_not_covered() -> None:
    """Paying the link is the yes."""
    assert "credits only" in str(not_covered(TERMS, NOTHING, replace(OFFER, rail=Rail.STRIPE), NOW))


# many nights


def test_a_grant_of_nights_gives_until_its_nights_are_used() -> None:
    """The last one granted, and no other."""
    assert gives(used=0) is None
    assert gives(used=6) is None
    assert gives(used=7) == gives(used=8) == "the 7 nights granted are used"


def test_a_grant_of_nights_ends() -> None:
    """A microsecond before its end it gives, at its end no more; with nights left or without."""
    assert gives(now=TERMS.until - timedelta(microseconds=1)) is None
    assert gives(now=TERMS.until) == "the grant ended at 2026-03-15 13:00:00 UTC"
    assert gives(used=7, now=TERMS.until) == gives(now=TERMS.until)


@pytest.mark.parametrize(
    ("account", "base_url"), [("key-2", "https://x/api"), ("", "https://x/api"), ("key-1", "https://y/api")]
)
def test_a_grant_of_nights_is_for_one_payer_and_one_provider(account: str, base_url: str) -> None:
    """A worker with another key, or one that works for another market."""
    assert gives(account=account, base_url=base_url) == "the grant is for another account or provider"


@pytest.mark.parametrize("nights", [1, 7, 365])
def test_a_yes_to_nights_is_to_all_of_them_together(nights: int) -> None:
    """What a human is shown is what may be spent at most."""
    given = 0
    while not_drawn(NightTerms(TERMS, nights), given, "key-1", "https://x/api", NOW) is None:
        given += 1
    assert NightTerms(TERMS, nights).total == given * TERMS.amount
