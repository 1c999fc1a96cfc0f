from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.money import MAX_CENTS, Cents, cents_from_text, exact_cents, price_from_text, reservation, usd


@pytest.mark.parametrize(
    ("text", "cents"), [("0", 0), ("0.5", 50), ("1.47", 147), ("10", 1000), ("100000.00", 10_000_000)]
)
def test_dollars_are_read_exactly(text: str, cents: int) -> None:
    """Up to two decimals, up to the largest amount that is believed."""
    assert cents_from_text(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "-1",
        "+1",
        "1e2",
        "01",
        "1.",
        ".5",
        "1.234",
        "1,00",
        "nan",
        "inf",
        "١",
        "100000.01",
        "1_0",
        "1\n",
    ],
)
def test_anything_else_is_no_amount(text: str) -> None:
    """Signs, exponents, blanks, other digits, a third decimal, or one cent above the limit."""
    with pytest.raises(ValueError, match=r"expected|believed"):
        cents_from_text(text)


@pytest.mark.parametrize("text", ["0.34", "0.000001", "4", "100000"])
def test_prices_keep_every_decimal(text: str) -> None:
    """Six decimals at most, above zero, up to the limit."""
    assert price_from_text(text) == Decimal(text)


@pytest.mark.parametrize("text", ["0", "0.00", "-0.1", "1e-3", "0.0000001", "100000.000001", "NaN", " 1", "٣"])
def test_anything_else_is_no_price(text: str) -> None:
    """A free or negative hour is not believed, and neither is one above the limit."""
    with pytest.raises(ValueError, match="price"):
        price_from_text(text)


@pytest.mark.parametrize(
    ("price", "hours", "cents"),
    [("0.49", 2, 98), ("0.335", 1, 34), ("0.335", 2, 67), ("0.000001", 1, 1), ("0.1", 3, 30)],
)
def test_a_reservation_is_rounded_up(price: str, hours: int, cents: int) -> None:
    """A part of a cent counts as a cent; whole cents stay as they are."""
    assert reservation(Decimal(price), hours) == cents


@given(st.decimals("0.000001", "100000", places=6), st.integers(1, 720))
def test_a_reservation_is_less_than_a_cent_above_the_exact_price(price: Decimal, hours: int) -> None:
    """Never below the price, never a whole cent above it."""
    assert 0 <= reservation(price, hours) - exact_cents(price, hours) < 1


@given(st.integers(0, MAX_CENTS))
def test_amounts_survive_being_written(cents: int) -> None:
    """What `usd` writes, `cents_from_text` reads back."""
    assert cents_from_text(usd(cents)) == cents


def test_negative_amounts_have_one_sign_in_front() -> None:
    """A refund is written as -0.05, not as -1.95 or 0.-5."""
    assert usd(Cents(-5)) == "-0.05"
    assert usd(Cents(-147)) == "-1.47"
