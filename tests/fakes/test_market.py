"""The fake's faults: each does to the books exactly what it says."""

import pytest

from policies.answers import Answer
from policies.money import Cents
from policies.offer import Rail
from tests.fakes.clock import FakeClock
from tests.fakes.faults import AnswerLost, Fault, Garble, Refuse, RequestLost, Unreachable
from tests.fakes.market import LINK_MINUTES, Debit, FakeMarket
from tools.errors import BadCredentials, Malformed, MarketUnavailable, NothingSent, OutcomeUnknown, SwineherdError
from tools.gpuhog import find_order_id

GPU = "NVIDIA RTX 4090"


@pytest.fixture
def market() -> FakeMarket:
    return FakeMarket(FakeClock())


@pytest.mark.parametrize(
    ("fault", "error", "spent"),
    [(AnswerLost(), OutcomeUnknown, 98), (RequestLost(), OutcomeUnknown, 0), (Unreachable(), NothingSent, 0)],
)
async def test_a_fault_of_a_spending_call(
    market: FakeMarket, fault: Fault, error: type[SwineherdError], spent: int
) -> None:
    """It strikes once, and the books tell whether money moved."""
    market.fail("rent_with_credits", fault)
    with pytest.raises(error):
        await market.rent_with_credits(GPU, 2)
    assert market.spent == spent
    assert (await market.rent_with_credits(GPU, 2)).status == 200
    assert market.spent == spent + 98


async def test_a_refused_or_garbled_spending_call_is_an_answer(market: FakeMarket) -> None:
    """A refusal takes nothing; a garbled answer hides a debit."""
    market.fail("rent_with_credits", Refuse(503), Garble(b"oops"))
    assert (await market.rent_with_credits(GPU, 1)).status == 503
    assert market.spent == 0
    assert await market.rent_with_credits(GPU, 1) == Answer(200, b"oops")
    assert market.spent == 49


@pytest.mark.parametrize(
    ("fault", "error", "after"),
    [
        (AnswerLost(), MarketUnavailable, "terminated"),
        (Garble(), Malformed, "terminated"),
        (RequestLost(), MarketUnavailable, "deploying"),
        (Unreachable(), MarketUnavailable, "deploying"),
        (Refuse(403), BadCredentials, "deploying"),
    ],
)
async def test_a_fault_of_a_repeatable_call(
    market: FakeMarket, fault: Fault, error: type[SwineherdError], after: str
) -> None:
    """A lost answer to `terminate` has ended the pod all the same."""
    order_id = find_order_id((await market.rent_with_credits(GPU, 1)).body) or ""
    market.fail("terminate", fault)
    with pytest.raises(error):
        await market.terminate(order_id)
    assert (await market.order(order_id)).status == after


async def test_a_link_is_paid_once_and_dies(market: FakeMarket) -> None:
    """Paying twice takes the money once; a dead link takes none."""
    first, second = [find_order_id((await market.rent(GPU, 2)).body) or "" for _ in range(2)]
    market.pay(first)
    market.pay(first)
    assert market.debits == [Debit(first, Rail.STRIPE, Cents(98))]
    await market.clock.sleep(LINK_MINUTES * 60)
    with pytest.raises(ValueError, match="expired"):
        market.pay(second)


async def test_prices_and_stock_can_be_set(market: FakeMarket) -> None:
    """From then on they hold; what is not in stock is unknown."""
    market.set_price(GPU, "0.99")
    assert {one.gpu_id: str(one.price_per_hour) for one in await market.gpus()}[GPU] == "0.99"
    del market.stock[GPU]
    assert (await market.rent_with_credits(GPU, 1)).status == 404
    assert market.calls == ["gpus", "rent_with_credits"]
