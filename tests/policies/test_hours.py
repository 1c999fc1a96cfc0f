import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.job import Job
from policies.money import Cents
from policies.policy import Policy, Time
from policies.selection import hours_paid, select
from tests.policies.selections import A100, A6000, H100, RTX_4090, choose


def test_hours_are_those_of_the_first_gpu_named() -> None:
    """Three hours on an A100 are more on an A6000, and three on the A100 itself."""
    job = Job(run="x", hours=Decimal(3), accelerators=("A100", "A6000"))
    hours = {quote.listing.name: quote.hours for quote in choose((A100, A6000), job).quotes}
    assert hours == {"A100 PCIe": 3, "RTX A6000": 8}
    assert math.ceil(Fraction(3) * Fraction(2039, 768)) == 8


def test_without_a_name_hours_are_those_of_an_rtx_4090() -> None:
    """Three hours there are one on an H100 SXM (3.3 times the memory bandwidth, the smaller ratio)."""
    hours = {
        quote.listing.name: quote.hours for quote in choose((RTX_4090, H100), Job(run="x", hours=Decimal(3))).quotes
    }
    assert hours == {"RTX 4090": 3, "H100 SXM": 1}


def test_the_margin_is_for_estimated_hours_only() -> None:
    """Nobody said hours: the policy's, plus a quarter, rounded up. Said hours are taken as they stand."""
    policy = Policy(time=Time(default_hours=4))
    assert choose(job=Job(run="x"), policy=policy).quotes[0].hours == 5
    assert choose(job=Job(run="x", hours=Decimal(4)), policy=policy).quotes[0].hours == 4
    assert choose(job=Job(run="x")).quotes[0].hours == 2


@pytest.mark.parametrize(
    ("expected", "margin", "speed", "paid"),
    [
        ("1", "0", Fraction(1), 1),
        ("1.0001", "0", Fraction(1), 2),
        ("0.0001", "0", Fraction(1), 1),
        ("2", "0", Fraction(4), 1),
        ("4", "0.25", Fraction(1), 5),
        ("4.0001", "0.25", Fraction(1), 6),
        ("1", "0", Fraction(1, 3), 3),
        ("0.1", "0", Fraction(1, 30), 3),
        ("3", "0", Fraction(3350, 1008), 1),
    ],
)
def test_hours_to_pay_at_their_edges(expected: str, margin: str, speed: Fraction, paid: int) -> None:
    """Whole hours, at least one; a quotient that is whole is not rounded up by a rounding error."""
    assert hours_paid(Decimal(expected), Decimal(margin), speed) == paid


@given(
    st.decimals("0.0001", "720", places=4),
    st.decimals("0", "4", places=2),
    st.fractions(Fraction(1, 50), Fraction(50), max_denominator=1000),
)
def test_hours_to_pay_are_enough_and_not_one_too_many(expected: Decimal, margin: Decimal, speed: Fraction) -> None:
    """They hold the job with its margin, and one hour less would not (but for the one hour that is always paid)."""
    paid = hours_paid(expected, margin, speed)
    needed = Fraction(expected) * (1 + Fraction(margin)) / speed
    assert paid >= 1
    assert paid >= needed
    assert paid == 1 or paid - 1 < needed


@pytest.mark.parametrize(
    ("hours", "price", "total", "finish"),
    [
        ("0.5", "0.49", 49, 25),
        ("1.5", "0.49", 98, 74),
        ("2", "0.335", 67, 67),
        ("1", "0.335", 34, 34),
        ("0.1", "0.01", 1, 1),
    ],
)
def test_cost_to_finish_is_the_part_that_will_be_used(hours: str, price: str, total: int, finish: int) -> None:
    """In cents rounded up, and never above what is paid."""
    listing = replace(RTX_4090, price_per_hour=Decimal(price))
    (quote,) = choose((listing,), Job(run="x", hours=Decimal(hours))).quotes
    assert (quote.total, quote.cost_to_finish) == (total, finish)


def test_cost_to_finish_has_no_margin() -> None:
    """An hour estimated, two paid, one expected to be used."""
    (quote,) = choose(job=Job(run="x")).quotes
    assert (quote.hours, quote.total, quote.cost_to_finish) == (2, 98, 49)


def test_hours_that_a_human_said_are_those_of_every_gpu() -> None:
    """Whatever the job needs there, and under the same limits: never shortened."""
    job = Job(run="x", hours=Decimal(3))
    said = select((RTX_4090, A6000), job, Policy(), None, hours=5)
    assert [(quote.hours, quote.total) for quote in said.quotes] == [(5, 245), (5, 395)]
    long = select((RTX_4090,), job, Policy(), None, hours=25)
    assert [rejection.reason for rejection in long.rejections] == ["max_hours: 25 h > 24 h"]
    dear = select((RTX_4090,), job, Policy(), Cents(100), hours=5)
    assert [rejection.reason.partition(":")[0] for rejection in dear.rejections] == ["ceiling of this run"]
