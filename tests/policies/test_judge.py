"""What the answer to a spending call proves: MONEY.md's table for `submitting`, row by row."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

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
from policies.charge import LinkShown, Mismatched, Paid, Released, Unknown
from policies.judge import PROVEN_REFUSALS, judge_checkout, judge_credits, order_moved, same_gpu
from policies.money import Cents
from policies.offer import Offer, Rail

ORDER = "HOG-a1b2c3d4e5f6"


def an_offer(price: str = "0.49", hours: int = 3, amount: int = 147) -> Offer:
    return Offer(
        run_id="run",
        attempt=1,
        gpu_id="NVIDIA GeForce RTX 4090",
        gpu_name="RTX 4090",
        vram_gb=24,
        price_per_hour=Decimal(price),
        hours=hours,
        amount=Cents(amount),
        rail=Rail.CREDITS,
        account="key",
        base_url="https://gpuhog.test/api",
        job_sha256="a" * 64,
    )


def a_receipt(spent: int = 147, gpu: str = "RTX 4090") -> Receipt:
    return Receipt(ORDER, gpu, Cents(spent), "deploying")


def a_link(**changes: Any) -> Checkout:
    fields: dict[str, Any] = {
        "order_id": ORDER,
        "gpu": "RTX 4090",
        "vram_gb": 24,
        "hours": 3,
        "total": Cents(147),
        "url": "https://checkout.stripe.com/c/pay",
        "expires_at": datetime(2026, 3, 30, tzinfo=UTC),
    }
    return Checkout(**fields | changes)


@pytest.mark.parametrize("spent", [0, 1, 146, 147, 148])
def test_a_receipt_up_to_a_cent_above_is_paid_at_its_own_figure(spent: int) -> None:
    """Whole cents within one cent of price × hours, or lower; the real figure is booked."""
    assert judge_credits(a_receipt(spent), an_offer(), spent_unmoved=False) == Paid(Cents(spent), ORDER)


def test_a_receipt_two_cents_above_is_a_mismatch() -> None:
    """It names both sums and keeps the order."""
    event = judge_credits(a_receipt(149), an_offer(), spent_unmoved=False)
    assert isinstance(event, Mismatched)
    assert (event.amount, event.order_id) == (149, ORDER)
    assert "1.49" in event.reason
    assert "1.47" in event.reason


@pytest.mark.parametrize(("spent", "paid"), [(101, True), (102, False)])
def test_the_edge_is_taken_from_the_exact_price(spent: int, *, paid: bool) -> None:
    """0.335 × 3 h is 100.5 cents: 101 is within a cent of it, 102 is not, though 101 was reserved."""
    event = judge_credits(a_receipt(spent), an_offer("0.335", 3, 101), spent_unmoved=False)
    assert isinstance(event, Paid) == paid


@pytest.mark.parametrize(("spent", "larger"), [(1, 147), (200, 200)])
def test_another_gpu_is_a_mismatch_of_the_larger_figure(spent: int, larger: int) -> None:
    """Cheaper or dearer."""
    event = judge_credits(a_receipt(spent, "RTX 3070"), an_offer(), spent_unmoved=False)
    assert isinstance(event, Mismatched)
    assert event.amount == larger
    assert "RTX 3070" in event.reason


def test_the_proven_refusals_are_those_of_the_table() -> None:
    """No other status frees credits."""
    assert {400, 401, 402, 403, 404, 405, 413, 415, 422} == PROVEN_REFUSALS


def test_only_a_listed_status_with_an_unmoved_account_frees_credits() -> None:
    """Of every status that can come; with a moved account, or an order in the body, none does."""
    statuses = range(100, 1000)
    freed = {one for one in statuses if _freed(Declined(one), spent_unmoved=True)}
    assert freed == {400, 401, 402, 403, 404, 405, 413, 415, 422}
    assert not any(_freed(Declined(one), spent_unmoved=False) for one in statuses)
    assert not any(_freed(Declined(one, ORDER), spent_unmoved=True) for one in statuses)


def _freed(outcome: CreditOutcome, *, spent_unmoved: bool) -> bool:
    event = judge_credits(outcome, an_offer(), spent_unmoved=spent_unmoved)
    assert isinstance(event, Released | Unknown)
    return isinstance(event, Released)


@pytest.mark.parametrize("outcome", [Garbled("not JSON"), Garbled("no gpu", ORDER), Silence()])
def test_a_broken_or_missing_answer_is_in_doubt(outcome: CreditOutcome) -> None:
    """Whatever the account says."""
    for unmoved in (True, False):
        assert isinstance(judge_credits(outcome, an_offer(), spent_unmoved=unmoved), Unknown)


def test_nothing_sent_is_released() -> None:
    """With the reason."""
    event = judge_credits(Unsent("no route"), an_offer(), spent_unmoved=False)
    assert event == Released("nothing was sent: no route")


@pytest.mark.parametrize("total", [1, 147, 148])
def test_a_valid_link_is_shown_at_its_own_total(total: int) -> None:
    """Within one cent or lower."""
    event = judge_checkout(a_link(total=Cents(total)), an_offer(), status=402)
    assert event == LinkShown(ORDER, Cents(total))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"total": Cents(149)}, "1.49"),
        ({"gpu": "RTX 3070"}, "RTX 3070"),
        ({"hours": 2}, "2 h"),
        ({"hours": 4}, "4 h"),
    ],
)
def test_a_link_for_something_else_is_released_and_named(changes: dict[str, Any], named: str) -> None:
    """More money, another GPU, other hours, fewer ones too."""
    event = judge_checkout(a_link(**changes), an_offer(), status=402)
    assert isinstance(event, Released)
    assert named in event.reason


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Declined(404), 404), (Declined(500, ORDER), 500), (Garbled("host"), 402), (Silence(), None), (Unsent("x"), None)],
)
def test_a_link_nobody_saw_is_released(outcome: CheckoutOutcome, status: int | None) -> None:
    """Nobody can pay what was never shown."""
    assert isinstance(judge_checkout(outcome, an_offer(), status=status), Released)


@pytest.mark.parametrize("status", [200, 201, 299])
@pytest.mark.parametrize("outcome", [a_link(), Garbled("a 200 from rent"), Declined(200)])
def test_a_2xx_from_rent_is_in_doubt(outcome: CheckoutOutcome, status: int) -> None:
    """Undocumented, so it may have rented something."""
    assert isinstance(judge_checkout(outcome, an_offer(), status=status), Unknown)


@pytest.mark.parametrize("status", [199, 300, 402])
def test_the_edges_of_2xx(status: int) -> None:
    """Only 200 to 299."""
    assert isinstance(judge_checkout(Declined(status), an_offer(), status=status), Released)


@pytest.mark.parametrize("name", ["RTX 4090", "rtx4090", "NVIDIA GeForce RTX 4090", "nvidia-geforce-rtx-4090"])
def test_a_gpu_is_known_by_id_or_name(name: str) -> None:
    """Spacing, case and dashes aside."""
    assert same_gpu(name, an_offer())


@pytest.mark.parametrize("name", ["", "RTX 409", "RTX 4090 Ti", "GeForce RTX 4090", "RTX 3090"])
def test_a_gpu_of_another_name_is_another(name: str) -> None:
    """No part of a name will do."""
    assert not same_gpu(name, an_offer())


@pytest.mark.parametrize(
    ("first", "status", "moved"),
    [
        ("reserved", "reserved", False),
        ("reserved", "deploying", True),
        ("reserved", "terminated", True),
        ("reserved", "something-new", True),
        ("", "reserved", False),
        ("", "something-new", False),
        ("", "terminated", False),
        ("", "deploying", True),
        ("", "starting", True),
        ("", "running", True),
    ],
)
def test_an_order_that_moved_was_paid(first: str, status: str, *, moved: bool) -> None:
    """Any other status than the first one seen; where none was seen, only one that a pod has."""
    assert order_moved(first, status) == moved
