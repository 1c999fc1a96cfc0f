"""The provider's books under a clock that the test moves."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.sandbox.conftest import RTX_4090
from tools.errors import Refused
from tools.sandbox.market import Market
from tools.sandbox.records import Debit, Settings, Status
from tools.sandbox.store import Store

HOUR = 3600.0


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Hands:
    """The market's clock."""
    return Hands()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The market's disk."""
    with Store(tmp_path / "market.db") as store:
        yield store


@pytest.fixture
def market(store: Store, clock: Hands) -> Market:
    """A market with an empty book."""
    return Market(store, clock)


def _running(market: Market, hours: int = 4) -> str:
    order, _ = market.rent_with_credits(RTX_4090, hours)
    market.deployed(order.order_id, 22)
    return order.order_id


def _debits(market: Market) -> list[tuple[str, int]]:
    return [(debit.kind, debit.cents) for debit in market.debits()]


@pytest.mark.parametrize(
    ("price", "hours", "cents"), [("0.49", 3, 147), ("0.333", 1, 34), ("0.333", 3, 100), ("0.0049", 1, 1)]
)
def test_a_debit_is_price_times_hours_rounded_up(market: Market, price: str, hours: int, cents: int) -> None:
    """Prices are exact; only the total is rounded, up to a whole cent."""
    market.configure(Settings(prices={RTX_4090: price}))
    order, cost = market.rent_with_credits(RTX_4090, hours)
    assert cost == cents
    assert market.debits() == [Debit(market.now(), order.order_id, "rent", "credits", cents)]


def test_the_pod_ends_with_its_paid_hours(market: Market, clock: Hands) -> None:
    """When the paid hours are over the provider ends the pod and refunds nothing."""
    order_id = _running(market, hours=2)
    clock.time += 2 * HOUR - 1
    assert market.due() == []
    clock.time += 1
    assert [order.order_id for order in market.due()] == [order_id]
    assert market.order(order_id).status is Status.TERMINATED
    assert _debits(market) == [("rent", 98)]


def test_an_end_seen_by_anyone_is_still_due(market: Market, clock: Hands) -> None:
    """Reading the account may notice that time is up; the pod is ended all the same."""
    order_id = _running(market, hours=1)
    clock.time += HOUR
    market.account()
    assert [order.order_id for order in market.due()] == [order_id]


def test_storage_costs_five_credits_an_hour(market: Market, clock: Hands) -> None:
    """A stopped pod accrues storage for every whole hour, booked at its hour."""
    order_id = _running(market)
    market.stop(order_id)
    stopped = clock.time
    clock.time += 2.5 * HOUR
    assert market.account().spent == 196 + 10
    assert [debit.at for debit in market.debits()[1:]] == [stopped + HOUR, stopped + 2 * HOUR]


def test_a_stopped_pod_does_not_use_its_paid_hours(market: Market, clock: Hands) -> None:
    """Stopping pauses billing: the pod is not ended by the hours it lies still."""
    order_id = _running(market, hours=1)
    market.stop(order_id)
    clock.time += 10 * HOUR
    assert market.due() == []
    assert market.order(order_id).status is Status.STOPPED


def test_start_debits_one_hour_and_pays_for_one(market: Market, clock: Hands) -> None:
    """`start` takes the price of an hour at once, and the pod ends when it is over."""
    order_id = _running(market)
    market.stop(order_id)
    assert market.start(order_id).status is Status.STARTING
    assert _debits(market) == [("rent", 196), ("start", 49)]
    market.deployed(order_id, 23)
    clock.time += HOUR
    market.due()
    assert market.order(order_id).status is Status.TERMINATED


def test_storage_stops_when_a_pod_starts_or_ends(market: Market, clock: Hands) -> None:
    """Nothing accrues for a pod that runs or is gone."""
    order_id = _running(market)
    market.stop(order_id)
    clock.time += HOUR
    market.terminate(order_id)
    clock.time += 100 * HOUR
    assert market.account().spent == 196 + 5


def test_a_volume_nobody_can_pay_is_deleted(market: Market, clock: Hands) -> None:
    """When the credits do not reach for storage the provider ends the pod; the balance never goes below zero."""
    market.configure(replace(market.settings, credits_purchased=196 + 12))
    order_id = _running(market)
    market.stop(order_id)
    clock.time += 5 * HOUR
    assert [order.status for order in market.due()] == [Status.TERMINATED]
    assert market.order(order_id).status is Status.TERMINATED
    assert market.account().balance == 2


def test_start_needs_the_balance(market: Market) -> None:
    """An hour that the credits do not reach for is refused, and the pod stays stopped."""
    market.configure(replace(market.settings, credits_purchased=200))
    order_id = _running(market)
    market.stop(order_id)
    with pytest.raises(Refused) as refused:
        market.start(order_id)
    assert refused.value.status == 402
    assert market.order(order_id).status is Status.STOPPED


def test_start_needs_stock(market: Market) -> None:
    """Another may have taken the GPU of a stopped pod."""
    market.configure(replace(market.settings, stock={RTX_4090: 1}))
    order_id = _running(market)
    market.stop(order_id)
    _running(market)
    with pytest.raises(Refused) as refused:
        market.start(order_id)
    assert refused.value.status == 409


def test_calls_that_do_not_fit_the_status_are_409(market: Market) -> None:
    """Stop wants a running pod and start a stopped one; terminate and stop may be repeated."""
    order, _ = market.rent_with_credits(RTX_4090, 1)
    for call in (market.stop, market.start):
        with pytest.raises(Refused) as refused:
            call(order.order_id)
        assert refused.value.status == 409
    market.deployed(order.order_id, 22)
    assert market.stop(order.order_id) == market.stop(order.order_id)
    assert market.terminate(order.order_id) == market.terminate(order.order_id)
    with pytest.raises(Refused):
        market.start(order.order_id)


def test_a_refund_is_booked_and_raises_the_balance(market: Market) -> None:
    """Refunds are entries of their own; the debit stays."""
    order_id = _running(market, hours=1)
    market.refund(order_id, 20)
    assert _debits(market) == [("rent", 49), ("refund", -20)]
    assert market.account().balance == 2500 - 29


def test_everything_survives_a_restart(store: Store, market: Market, clock: Hands) -> None:
    """Orders, debits and settings are on disk before an answer leaves."""
    market.configure(Settings(prices={RTX_4090: "0.50"}, stock={RTX_4090: 3}))
    order_id = _running(market)
    link = market.rent(RTX_4090, 1)
    again = Market(store, clock)
    assert again.orders() == market.orders()
    assert again.settings == market.settings
    assert again.account() == market.account()
    assert again.by_token(link.token) == link
    assert again.order(order_id).status is Status.RUNNING


def test_a_link_paid_late_is_refused(market: Market, clock: Hands) -> None:
    """A link can be paid until the moment it expires, and not then."""
    order = market.rent(RTX_4090, 1)
    clock.time += 30 * 60
    with pytest.raises(Refused) as refused:
        market.pay(order.token)
    assert refused.value.status == 410
    assert market.debits() == []


def test_alive_until_nothing_runs_or_can_be_paid(market: Market, clock: Hands) -> None:
    """Live pods and payable links keep the sandbox up; stopped pods and dead links do not."""
    assert not market.alive()
    market.rent(RTX_4090, 1)
    assert market.alive()
    clock.time += 31 * 60
    assert not market.alive()
    order_id = _running(market)
    assert market.alive()
    market.stop(order_id)
    assert not market.alive()


def test_next_change_names_the_nearest_moment(market: Market, clock: Hands) -> None:
    """Deploying, paid hours and storage each have their next moment."""
    assert market.next_change() is None
    order, _ = market.rent_with_credits(RTX_4090, 2)
    assert market.next_change() == clock.time + 1.5
    market.deployed(order.order_id, 22)
    assert market.next_change() == clock.time + 2 * HOUR
    market.stop(order.order_id)
    assert market.next_change() == clock.time + HOUR
