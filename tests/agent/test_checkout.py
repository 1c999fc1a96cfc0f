"""Paying by checkout: one link, shown only while it is watched, and nothing of it believed that was not checked."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agent.result import run_result
from policies.answers import Answer
from policies.charge import ChargeState
from policies.offer import Rail
from policies.policy import Payment, Policy
from tests.agent.conftest import MakeWorld
from tests.agent.world import CHECKOUT, PRICE, World
from tests.fakes.faults import AnswerLost, Fault, Garble, Refuse, RequestLost, Unreachable
from tools.spend_log.rows import RunStatus

BOTH = Policy(payment=Payment(rails=(Rail.STRIPE, Rail.CREDITS)))
DAY = 24 * 3600


@pytest.fixture
def shop(make_world: MakeWorld) -> World:
    """A world in which only a checkout pays."""
    return make_world(CHECKOUT)


def link(world: World, run_id: str) -> object:
    """What `show --json` says to pay."""
    return run_result(world.log, run_id, world.clock.now())["checkout_url"]


async def expired(world: World) -> str:
    """A run whose link's time is over; nobody drives it."""
    run_id = world.submit()
    world.clock.at(60, lambda: world.clock.advance(33 * 60))
    assert (await world.drive(run_id)).code == 4
    assert world.charge(run_id).state is ChargeState.EXPIRED
    return run_id


def bend(world: World, change: Callable[[dict[str, Any]], object]) -> None:
    """The market's next links are changed on their way."""
    honest = world.market._rent

    def bent(gpu_id: str, hours: int) -> Answer:
        answered = honest(gpu_id, hours)
        body = json.loads(answered.body)
        change(body)
        return Answer(answered.status, json.dumps(body).encode())

    world.market._rent = bent  # type: ignore[method-assign]


async def test_who_resumes_right_after_paying_is_heard(shop: World) -> None:
    """Before the next look at the link would be due."""
    run_id = shop.submit()
    await shop.drive(run_id, wait=False)
    (order,) = shop.log.orders(run_id)
    shop.market.pay(order.order_id)
    parked = shop.log.parked(run_id)[0]
    assert shop.clock.now() < parked.next_look
    assert (await shop.drive(run_id, wait=False)).code == 0


async def test_a_paid_link_goes_on_by_itself(shop: World) -> None:
    """Nobody needs to say that they paid."""
    run_id = shop.submit()
    shop.pay_at(300)
    run = await shop.drive(run_id)
    assert run.code == 0
    assert shop.purchases == ["rent"]
    assert not shop.charge(run_id).late
    shop.check()


async def test_the_link_is_shown_while_it_is_watched_and_not_after(shop: World) -> None:
    """One link; none before it is asked for, none once it is paid."""
    run_id = shop.submit()
    assert link(shop, run_id) is None
    shown: list[object] = []
    shop.clock.at(20, lambda: shown.append(link(shop, run_id)))
    shop.pay_at(30)
    shop.clock.at(50, lambda: shown.append(link(shop, run_id)))
    await shop.drive(run_id)
    assert shown == ["https://checkout.stripe.com/c/pay/HOG-000000000001", None]


async def test_an_expired_link_is_not_shown_and_still_counted(shop: World) -> None:
    """Its money is held; nothing invites anybody to pay it."""
    run_id = await expired(shop)
    assert link(shop, run_id) is None
    assert shop.log.totals().held == PRICE


async def test_paid_in_the_last_second_and_seen_late(shop: World) -> None:
    """A payment that shows only after the link's time: the next resume takes the pod over, marked late."""
    run_id = await expired(shop)
    order = shop.market.orders["HOG-000000000001"]
    order.link_dies_at = shop.clock.monotonic() + 60
    shop.market.pay(order.order_id)
    shop.clock.advance(60)
    shop.restart()
    run = await shop.drive(run_id, fresh=True)
    assert run.code == 0
    assert shop.charge(run_id).late
    assert shop.purchases == ["rent"]
    shop.check()


async def test_a_day_after_its_end_an_unpaid_link_is_let_go(shop: World) -> None:
    """Only then is the money free, and a human may ask for a new offer; the old order is no pod to be ended."""
    run_id = await expired(shop)
    shop.clock.advance(DAY - 600)
    await shop.drive(run_id, wait=False)
    assert shop.log.totals().held == PRICE
    shop.clock.advance(1200)
    assert (await shop.drive(run_id, wait=False)).code == 4
    assert shop.charge(run_id).state is ChargeState.RELEASED
    assert shop.purchases == ["rent"]
    honest = shop.market._terminate
    shop.market._terminate = lambda order: honest(order) if order.status != "reserved" else "reserved"  # type: ignore[method-assign]
    shop.clock.at(shop.clock.monotonic() + 30, lambda: shop.market.pay("HOG-000000000002"))
    assert (await shop.drive(run_id, fresh=True)).code == 0
    assert shop.log.totals().spent == PRICE
    shop.check()


async def test_while_a_link_may_be_paid_no_credits_are_spent(make_world: MakeWorld) -> None:
    """Not by resuming, not by asking anew: neither while it is open nor while it is only watched."""
    world = make_world(BOTH)
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    for _ in range(3):
        await world.drive(run_id, wait=False, fresh=True)
        world.clock.advance(20 * 60)
    assert world.purchases == ["rent"]


async def test_one_link_per_run_at_a_time(shop: World) -> None:
    """However often the run is resumed, `rent` is asked once."""
    run_id = shop.submit()
    for fresh in (False, True, False):
        await shop.drive(run_id, wait=False, fresh=fresh)
        shop.restart()
    assert shop.purchases == ["rent"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda body: body.update(total_usd="1.00"), "1.00"),
        (lambda body: body.update(gpu="RTX 3070"), "RTX 3070"),
        (lambda body: body.update(hours=3), "3 h"),
        (lambda body: body["payment"].update(checkout_url="https://evil.example/pay"), "evil.example"),
        (lambda body: body["payment"].update(checkout_url="https://checkout.stripe.com.evil.example/"), "evil.example"),
        (lambda body: body["payment"].update(checkout_url="http://checkout.stripe.com/c"), "a checkout link"),
        (lambda body: body["payment"].update(expires_at="2026-03-30T11:00:00+00:00"), "expires_at"),
    ],
    ids=["total", "gpu", "hours", "host", "lookalike", "plain-http", "past"],
)
async def test_a_wrong_link_is_refused_and_never_shown(
    shop: World, change: Callable[[dict[str, Any]], object], named: str
) -> None:
    """The refusal names what is wrong; the money is free and nothing is to be paid."""
    bend(shop, change)
    shown: list[object] = []
    shop.log.entering = lambda _step: shown.append(link(shop, "train-1"))
    run = await shop.run()
    assert (run.status, run.code) == (RunStatus.REFUSED, 3)
    assert named in run.reason
    assert set(shown) == {None}
    assert "evil.example" not in repr(shop.log.orders(run.run_id))
    assert shop.charge(run.run_id).state is ChargeState.RELEASED
    assert shop.log.totals().held == 0


async def test_a_link_one_cent_dearer_is_within_rounding(shop: World) -> None:
    """And the real figure is booked."""
    bend(shop, lambda body: body.update(total_usd="0.99"))
    run_id = shop.submit()
    await shop.drive(run_id, wait=False)
    assert shop.charge(run_id).state is ChargeState.AWAITING_PAYMENT
    assert shop.log.totals().held == PRICE + 1


@pytest.mark.parametrize(
    ("fault", "code"), [(AnswerLost(), 5), (RequestLost(), 5), (Unreachable(), 5), (Refuse(500), 5), (Garble(), 3)]
)
async def test_a_link_nobody_saw_costs_nothing(shop: World, fault: Fault, code: int) -> None:
    """A lost or broken answer to `rent` frees the money: nobody can pay what was never shown."""
    shop.market.fail("rent", fault)
    run = await shop.run()
    assert run.code == code
    assert shop.charge(run.run_id).state is ChargeState.RELEASED
    assert shop.purchases == ["rent"]


async def test_a_2xx_from_rent_is_in_doubt(shop: World) -> None:
    """It is not documented, so it may have charged something; the order it names is ended as a pod."""

    def deployed(gpu_id: str, hours: int) -> Answer:
        return shop.market._rent_with_credits(gpu_id, hours)

    shop.market._rent = deployed  # type: ignore[method-assign]
    run = await shop.run()
    assert run.code == 7
    assert shop.log.totals().in_doubt == PRICE
    assert shop.calls.count("terminate") == 1
    assert shop.pods_left == []


async def test_the_link_of_a_run_that_is_to_be_cancelled_is_not_shown(shop: World) -> None:
    """From the moment somebody asks for it, whoever drives the run later."""
    run_id = shop.submit()
    await shop.drive(run_id, wait=False)
    assert link(shop, run_id) is not None
    shop.cancel(run_id)
    assert link(shop, run_id) is None


async def test_cancelled_while_the_link_may_be_paid(shop: World) -> None:
    """The run ends, its link is not shown any more, and its money stays counted."""
    run_id = shop.submit()
    shop.clock.at(20, lambda: shop.cancel(run_id))
    run = await shop.drive(run_id)
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert link(shop, run_id) is None
    assert shop.log.totals().held == PRICE


async def test_the_paid_hours_begin_when_payment_was_possible(shop: World) -> None:
    """Not when the link was made: a human who pays late gets all the hours, counted from our last unpaid look."""
    run_id = shop.submit()
    shop.pay_at(600)
    await shop.drive(run_id)
    (order,) = shop.log.orders(run_id)
    assert order.paid_from is not None
    assert 585 <= (order.paid_from - order.created_at).total_seconds() <= 600
    assert replace(order, gone_at=None).hours == 2


async def test_a_link_past_its_time_is_not_shown_though_nobody_booked_that(shop: World) -> None:
    """The clock decides, not the next process that looks."""
    run_id = shop.submit()
    await shop.drive(run_id, wait=False)
    assert link(shop, run_id)
    shop.clock.advance(30 * 60)
    assert shop.charge(run_id).state is ChargeState.AWAITING_PAYMENT
    assert link(shop, run_id) is None
