"""At most so many requests a second in all, and one a second for each order."""

import asyncio

import httpx
import pytest

from tests.fakes.clock import FakeClock
from tests.tools.gpuhog.conftest import ORDER, Connect, Script
from tools.gpuhog.limiter import Limiter


@pytest.fixture
def limiter(clock: FakeClock) -> Limiter:
    return Limiter(clock, per_second=5)


async def moments(limiter: Limiter, clock: FakeClock, *order_ids: str | None) -> list[float]:
    """When each turn came, all asked for at once."""

    async def moment(order_id: str | None) -> float:
        await limiter.turn(order_id)
        return round(clock.monotonic(), 6)

    return list(await asyncio.gather(*map(moment, order_ids)))


async def test_the_first_request_does_not_wait(limiter: Limiter, clock: FakeClock) -> None:
    """Nor one after a quiet second."""
    assert await moments(limiter, clock, None) == [0]
    clock.advance(1)
    assert await moments(limiter, clock, ORDER) == [1]


async def test_five_a_second_in_all(limiter: Limiter, clock: FakeClock) -> None:
    """Evenly spread, first come, first served."""
    assert await moments(limiter, clock, *[None] * 6) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]


async def test_one_a_second_for_an_order(limiter: Limiter, clock: FakeClock) -> None:
    """However fast the rest may be."""
    assert await moments(limiter, clock, "a", "a", "a") == [0, 1, 2]


async def test_a_waiting_order_holds_up_no_other(limiter: Limiter, clock: FakeClock) -> None:
    """Two orders and the rest take turns; only the second look at an order waits for its second."""
    assert await moments(limiter, clock, "a", "a", "b", None) == [0, 1, 0.2, 0.4]


async def test_the_second_is_counted_from_when_the_request_left(limiter: Limiter, clock: FakeClock) -> None:
    """A request held up by the others shifts the next one about its order."""
    assert await moments(limiter, clock, None, None, "a", "a") == [0, 0.2, 0.4, 1.4]


async def test_a_counted_request_delays_the_next(limiter: Limiter, clock: FakeClock) -> None:
    """Spending calls skip the queue but count, for their order too."""
    limiter.count("a")
    limiter.count()
    assert await moments(limiter, clock, None, "a") == [0.4, 1]


async def test_a_request_counted_while_another_waits_delays_it(limiter: Limiter, clock: FakeClock) -> None:
    """The waiter looks again before it goes."""
    await limiter.turn()
    waiting = asyncio.create_task(moments(limiter, clock, None))
    for _ in range(3):
        await asyncio.sleep(0)
    limiter.count()
    assert await waiting == [0.4]


async def test_a_cancelled_waiter_takes_no_turn(limiter: Limiter, clock: FakeClock) -> None:
    """And leaves the queue open for the next."""
    await limiter.turn("a")
    waiting = asyncio.create_task(limiter.turn("a"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await moments(limiter, clock, "a") == [1]


async def test_orders_long_quiet_are_forgotten(clock: FakeClock) -> None:
    """A process that herds for months keeps no entry for every order it ever saw."""
    limiter = Limiter(clock, per_second=1e6)
    for number in range(2500):
        await limiter.turn(f"HOG-{number}")
        clock.advance(0.01)
    assert len(limiter._orders) <= 1100
    assert await moments(limiter, clock, "HOG-2499") == [pytest.approx(clock.monotonic())]
    assert clock.monotonic() == pytest.approx(25.99, abs=0.02)


async def test_spending_calls_do_not_wait_but_count(connect: Connect, clock: FakeClock) -> None:
    """A start leaves at once although the order was asked about just now; the next look waits for both."""
    hog = connect(Script(httpx.Response(200, json={"status": "stopped"})))
    await hog.stop(ORDER)
    await hog.start(ORDER)
    assert clock.monotonic() == 0
    await hog.terminate(ORDER)
    assert clock.monotonic() == pytest.approx(2)
