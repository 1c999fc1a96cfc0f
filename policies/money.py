"""Money: integer cents for amounts, exact decimals for prices. No float ever holds money."""

import re
from decimal import ROUND_CEILING, Decimal
from typing import NewType

Cents = NewType("Cents", int)

MAX_CENTS = Cents(10_000_000)
"""No amount above $100,000 is believed, wherever it comes from."""

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,7})(\.[0-9]{1,2})?", re.ASCII)
_PRICE = re.compile(r"(0|[1-9][0-9]{0,7})(\.[0-9]{1,6})?", re.ASCII)


def cents_from_text(text: str) -> Cents:
    """Read decimal dollars such as `"1.47"`, exactly.

    Raises:
        ValueError: sign, exponent, blank, more than two decimals, digits other than ASCII, or above `MAX_CENTS`.
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"expected decimal dollars such as 1.47, got {text[:40]!r}")
    cents = int(Decimal(text) * 100)
    if cents > MAX_CENTS:
        raise ValueError(f"more than ${usd(MAX_CENTS)} is not believed: {text}")
    return Cents(cents)


def price_from_text(text: str) -> Decimal:
    """Read a price in dollars per hour, up to six decimals, above zero.

    Raises:
        ValueError: sign, exponent, zero, other digits, or above `MAX_CENTS`.
    """
    if not _PRICE.fullmatch(text):
        raise ValueError(f"expected a price such as 0.34, got {text[:40]!r}")
    price = Decimal(text)
    if not 0 < price * 100 <= MAX_CENTS:
        raise ValueError(f"a price must be above 0 and at most {usd(MAX_CENTS)}, got {text}")
    return price


def exact_cents(price_per_hour: Decimal, hours: int) -> Decimal:
    """Price (USD/hour) × whole hours, in cents, unrounded."""
    return price_per_hour * 100 * hours


def reservation(price_per_hour: Decimal, hours: int) -> Cents:
    """What to reserve for an order: price × hours in cents, rounded up."""
    return Cents(int(exact_cents(price_per_hour, hours).to_integral_value(ROUND_CEILING)))


def price_text(price: Decimal) -> str:
    """Decimal dollars with two places, or with as many as the price has: `0.2` becomes `"0.20"`."""
    return f"{price:.2f}" if price == round(price, 2) else f"{price.normalize():f}"


def rate(price_per_hour: Decimal) -> str:
    """A price as it is shown: `$0.20/h`."""
    return f"${price_text(price_per_hour)}/h"


def usd(cents: int) -> str:
    """Decimal dollars with two places: `147` becomes `"1.47"`, `-5` becomes `"-0.05"`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
