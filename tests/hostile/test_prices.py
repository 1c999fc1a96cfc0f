"""Prices and totals: what is no plain amount of money buys nothing; what costs more than agreed is never paid again."""

from dataclasses import dataclass

import pytest

from policies.charge import ChargeState
from tests.agent.world import CHECKOUT, GPU, PRICE
from tests.hostile.conftest import MakeHostile
from tests.hostile.hostile import CREDITS, Hostile
from tests.hostile.provider import field_is, from_the, listing_is, text
from tools.spend_log.rows import Run, RunStatus


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure on the wire, as a literal piece of JSON (None: left out), and the words it is refused with."""

    attack: str
    literal: str | None
    says: str


A_NUMBER = "price_per_hour_usd: expected a JSON number"
A_PRICE = "price_per_hour_usd: expected a price such as 0.34"
ABOVE_ZERO = "price_per_hour_usd: a price must be above 0 and at most"
NO_LIST = "the list of GPUs can't be read: the provider's answer breaks its form"

LISTED_PRICES = (
    Figure("missing", None, "price_per_hour_usd: Field required"),
    Figure("null", "null", A_NUMBER),
    Figure("string", '"0.49"', A_NUMBER),
    Figure("a-link-as-a-string", '"https://evil.test/pay"', A_NUMBER),
    Figure("boolean", "true", A_NUMBER),
    Figure("list", "[0.49]", A_NUMBER),
    Figure("object", '{"usd": 0.49}', A_NUMBER),
    Figure("zero", "0", ABOVE_ZERO),
    Figure("zero-with-decimals", "0.00", ABOVE_ZERO),
    Figure("minus-zero", "-0.0", A_PRICE),
    Figure("negative", "-0.49", A_PRICE),
    Figure("exponent", "4.9e-1", A_PRICE),
    Figure("exponent-beyond-floats", "1e999", A_PRICE),
    Figure("exponent-of-an-underflow", "1e-400", A_PRICE),
    Figure("seven-decimals", "0.0000001", A_PRICE),
    Figure("above-what-is-believed", "100000.01", ABOVE_ZERO),
    Figure("eighteen-digits", "999999999999999999", A_PRICE),
)

BROKEN_LISTS = (
    Figure("nan", "NaN", "NaN is not a JSON number"),
    Figure("infinity", "Infinity", "Infinity is not a JSON number"),
    Figure("minus-infinity", "-Infinity", "-Infinity is not a JSON number"),
    Figure("arabic-indic-digits", "٠.٤٩", NO_LIST),
    Figure("fullwidth-digits", "０.４９", NO_LIST),
    Figure("leading-zero", "00.49", NO_LIST),
    Figure("leading-plus", "+0.49", NO_LIST),
    Figure("hexadecimal", "0x1", NO_LIST),
    Figure("underscore", "0_1.4", NO_LIST),
    Figure("duplicate-key", '0.49, "price_per_hour_usd": 0.01', "a key is there twice in one object"),
    Figure("duplicate-key-escaped", '0.49, "price_per_hour_us\\u0064": 0.01', "a key is there twice in one object"),
    Figure("five-thousand-digits", "9" * 5000, "an integer of 5000 digits"),
)

MOVED_PRICES = (
    Figure("dearer-when-read-again", "0.50", "RTX 4090 is now $0.50/h instead of $0.49/h"),
    Figure("dearer-by-a-millionth", "0.490001", "RTX 4090 is now $0.490001/h instead of $0.49/h"),
    Figure("sold-out-by-a-broken-price", "true", "RTX 4090 is sold out"),
)

A_TOTAL = "total_usd: expected decimal dollars"
TOO_MUCH = "the checkout is for "

TOTALS = (
    Figure("missing", None, "total_usd: Field required"),
    Figure("null", "null", A_TOTAL),
    Figure("number", "0.98", A_TOTAL),
    Figure("boolean", "true", A_TOTAL),
    Figure("negative", '"-0.98"', A_TOTAL),
    Figure("zero", '"0.00"', "total_usd: a total of zero"),
    Figure("three-decimals", '"0.980"', A_TOTAL),
    Figure("exponent", '"98e-2"', A_TOTAL),
    Figure("dollar-sign", '"$0.98"', A_TOTAL),
    Figure("comma", '"0,98"', A_TOTAL),
    Figure("blank", '" 0.98"', A_TOTAL),
    Figure("newline", '"0.98\\n"', A_TOTAL),
    Figure("arabic-indic-digits", text("٠.٩٨"), A_TOTAL),
    Figure("fullwidth-digits", text("０.９８"), A_TOTAL),
    Figure("nan", '"NaN"', A_TOTAL),
    Figure("infinity", '"Infinity"', A_TOTAL),
    Figure("a-link", '"https://evil.test/pay"', A_TOTAL),
    Figure("terminal-escapes", '"\\u001b[2J0.98"', A_TOTAL),
    Figure("above-what-is-believed", '"100000.01"', "total_usd: expected decimal dollars"),
    Figure("duplicate-key", '"0.98", "total_usd": "0.01"', "a key is there twice in one object"),
    Figure("two-cents-more", '"1.00"', "the checkout is for $1.00 instead of $0.98"),
    Figure("a-hundred-times-as-much", '"98.00"', "the checkout is for $98.00 instead of $0.98"),
)

A_COUNT = "credits_spent: Input should be a valid integer"

UNREADABLE_CREDITS = (
    Figure("missing", None, "credits_spent: Field required"),
    Figure("null", "null", A_COUNT),
    Figure("string", '"98"', A_COUNT),
    Figure("boolean", "true", A_COUNT),
    Figure("fraction", "98.0", A_COUNT),
    Figure("exponent", "98e0", A_COUNT),
    Figure("negative", "-98", "credits_spent: Input should be greater than or equal to 0"),
    Figure("above-what-is-believed", "10000001", "credits_spent: Input should be less than or equal to 10000000"),
    Figure("nan", "NaN", "NaN is not a JSON number"),
    Figure("arabic-indic-digits", "٩٨", "Expecting value"),
    Figure("duplicate-key", '98, "credits_spent": 1', "a key is there twice in one object"),
)

MORE_CREDITS = (
    Figure("two-cents-more", "100", "the provider took $1.00 instead of $0.98; spending is frozen"),
    Figure("all-there-is", "2500", "the provider took $25.00 instead of $0.98; spending is frozen"),
)

UNREADABLE_BALANCES = (
    Figure("missing", None, "the credit balance could not be read"),
    Figure("string", '"2500"', "the credit balance could not be read"),
    Figure("boolean", "true", "the credit balance could not be read"),
    Figure("fraction", "2500.0", "the credit balance could not be read"),
    Figure("exponent", "1e9", "the credit balance could not be read"),
    Figure("negative", "-1", "the credit balance could not be read"),
    Figure("huge", "10000001", "the credit balance could not be read"),
    Figure("infinity", "Infinity", "the credit balance could not be read"),
    Figure("duplicate-key", '0, "credits_balance": 2500', "the credit balance could not be read"),
)

TABLES = (
    LISTED_PRICES,
    BROKEN_LISTS,
    MOVED_PRICES,
    TOTALS,
    UNREADABLE_CREDITS,
    MORE_CREDITS,
    UNREADABLE_BALANCES,
)


def attack(row: Figure) -> str:
    """For pytest's ids."""
    return row.attack


def assert_never_bought(hostile: Hostile, run: Run) -> None:
    hostile.assert_nothing_spent(run)
    hostile.assert_not_asked_to_spend()


@pytest.mark.parametrize("row", LISTED_PRICES, ids=attack)
async def test_a_listing_without_a_price_is_no_offer(make_hostile: MakeHostile, row: Figure) -> None:
    """It is dropped with its reason, and no other GPU is bought in its place."""
    hostile = make_hostile(CREDITS)
    hostile.lie("gpus", listing_is(GPU, "price_per_hour_usd", row.literal))
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.REFUSED, 3, f"{GPU!r} ({row.says}")
    assert "no offer fits" in run.reason
    assert_never_bought(hostile, run)


@pytest.mark.parametrize("row", BROKEN_LISTS, ids=attack)
async def test_a_list_that_is_no_json_offers_nothing(make_hostile: MakeHostile, row: Figure) -> None:
    """Where one price can't be read as JSON none of the list is believed."""
    hostile = make_hostile(CREDITS)
    hostile.lie("gpus", listing_is(GPU, "price_per_hour_usd", row.literal))
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.FAILED, 5, NO_LIST)
    assert row.says in run.reason
    assert_never_bought(hostile, run)


@pytest.mark.parametrize("row", MOVED_PRICES, ids=attack)
@pytest.mark.parametrize("reading", [2, 3], ids=["in-rent", "in-pay"])
async def test_a_price_that_moves_takes_the_offer_back(make_hostile: MakeHostile, row: Figure, reading: int) -> None:
    """The price is read again before money: at another one nothing is sent, and the next offer is at the new price."""
    hostile = make_hostile(CREDITS)
    hostile.lie("gpus", from_the(reading, listing_is(GPU, "price_per_hour_usd", row.literal)))
    sent_at: list[int] = []
    hostile.world.market.before_spending = lambda: sent_at.append(hostile.provider.asked("gpus"))
    run = await hostile.world.run()
    assert f"nothing was bought: {row.says}" in hostile.said(run)
    hostile.assert_harmless(run)
    assert all(readings > reading for readings in sent_at)
    assert all(offer.offer.amount > PRICE for offer in hostile.world.log.attempts(run.run_id)[1:])


@pytest.mark.parametrize("row", TOTALS, ids=attack)
async def test_a_total_that_is_not_the_agreed_one_is_never_shown(make_hostile: MakeHostile, row: Figure) -> None:
    """The link is refused with the reason, the money is free again, nothing else is tried."""
    hostile = make_hostile(CHECKOUT)
    hostile.lie("rent", field_is("total_usd", row.literal))
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.REFUSED, 3, row.says)
    assert hostile.world.charge(run.run_id).state is ChargeState.RELEASED
    assert hostile.provider.asked("rent") == 1
    hostile.assert_nothing_spent(run)


@pytest.mark.parametrize("row", UNREADABLE_CREDITS, ids=attack)
async def test_credits_taken_that_cannot_be_read_are_in_doubt(make_hostile: MakeHostile, row: Figure) -> None:
    """They count as spent, the call is not repeated, the order that was named is ended before a job could start."""
    hostile = make_hostile(CREDITS)
    hostile.lie("rent_with_credits", field_is("credits_spent", row.literal))
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.IN_DOUBT, 7, row.says)
    assert hostile.provider.asked("rent_with_credits") == 1
    totals = hostile.world.log.totals()
    assert totals.spent + totals.in_doubt == PRICE
    hostile.assert_no_link(run)
    hostile.assert_nothing_executed()
    hostile.world.check()


@pytest.mark.parametrize("row", MORE_CREDITS, ids=attack)
async def test_more_credits_than_agreed_freeze_spending(make_hostile: MakeHostile, row: Figure) -> None:
    """The larger figure is booked, what is paid for is used, and nothing is bought after it."""
    hostile = make_hostile(CREDITS)
    hostile.lie("rent_with_credits", field_is("credits_spent", row.literal))
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.SUCCEEDED, 0, row.says)
    assert hostile.world.log.totals().spent == int(row.literal or 0)
    assert hostile.world.log.frozen() is not None
    again = await hostile.world.run()
    hostile.assert_ended(again, RunStatus.REFUSED, 3, "spending is frozen")
    assert hostile.provider.asked("rent_with_credits") == 1


@pytest.mark.parametrize("row", UNREADABLE_BALANCES, ids=attack)
async def test_a_balance_that_cannot_be_read_buys_nothing(make_hostile: MakeHostile, row: Figure) -> None:
    """Without a readable balance credits are no way to pay."""
    hostile = make_hostile(CREDITS)
    hostile.lie("balance", field_is("credits_balance", row.literal))
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.REFUSED, 3, row.says)
    assert_never_bought(hostile, run)
