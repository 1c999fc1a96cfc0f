"""What an attack on the reconciling of money found, one test each."""

import asyncio
from dataclasses import replace

import pytest

from agent.leftovers import end_left_running
from agent.reconcile import reconcile, reconcile_account
from agent.settle import ItsOrder, settle_by_hand
from policies.answers import Answer, Balance
from policies.charge import ChargeState
from policies.money import Cents
from policies.order import short_id
from tests.agent.conftest import MakeWorld
from tests.agent.watched import Killed
from tests.agent.world import ASK, AUTO, PRICE, World
from tests.fakes.faults import AnswerLost, Refuse, RequestLost, Unreachable
from tools.errors import OfferGone
from tools.spend_log.rows import Kind, OrderRow, RunStatus

HOUR = 3600
NO_TIMER = replace(AUTO, network=replace(AUTO.network, deadman=False))


def die() -> None:
    raise Killed


def accrued(world: World, kind: Kind) -> list[tuple[ChargeState, int, str]]:
    return [(charge.state, charge.amount, charge.account) for charge in world.log.charges() if charge.kind is kind]


async def left_by_an_ended_run(world: World) -> OrderRow:
    """A pod whose end is not proven."""
    world.market.fail("terminate", *[Unreachable()] * 1000)
    assert (await world.run()).code == 5
    world.market.faults["terminate"].clear()
    (order,) = world.log.orders(open_only=True)
    return order


async def look(world: World, order: OrderRow) -> None:
    known = world.log.order(order.order_id)
    assert known is not None
    await world.parts.look(known)


async def test_a_reading_that_lags_books_nothing(world: World) -> None:
    """`total_spent` follows a purchase two minutes late: neither a refund nor somebody else's debit."""
    await reconcile(world.parts)
    honest, late = world.market.balance, True

    async def lagging() -> object:
        read = await honest()
        if not (late and read.spent):
            return read
        return replace(read, spent=Cents(read.spent - PRICE), balance=Cents(read.balance + PRICE))

    world.market.balance = lagging  # type: ignore[method-assign,assignment]
    await world.run()
    for seconds in (20, 60, 100):
        world.clock.advance(seconds)
        await reconcile(world.parts)
        late = seconds < 60
    world.clock.advance(400)
    await reconcile(world.parts)
    assert [charge.state for charge in world.log.charges()] == [ChargeState.PAID]


async def test_a_doubt_is_not_settled_by_what_was_read_before_another_was(world: World) -> None:
    """Of two doubts a human settles the one that was taken; the old reading says nothing of the other."""
    runs = []
    for fault in (AnswerLost(), RequestLost()):
        world.market.fail("rent_with_credits", fault)
        world.market.before_spending = lambda: world.market.fail("balance", *[Refuse(500)] * 1000)
        runs.append(await world.run())
        world.market.faults["balance"].clear()
        world.market.before_spending = lambda: None
        world.clock.advance(400)
    await reconcile(world.parts)
    assert [run.code for run in runs] == [7, 7]
    (order_id,) = world.market.orders
    taken, other = (world.charge(run.run_id).charge_id for run in runs)
    await settle_by_hand(world.parts, taken, ItsOrder(order_id), "me")
    world.market.fail("balance", *[Refuse(500)] * 1000)
    await reconcile(world.parts)
    left = world.log.charge(other)
    assert left is not None
    assert left.state is ChargeState.IN_DOUBT


async def test_a_sender_elsewhere_is_settled_once_its_lease_is_over(world: World) -> None:
    """It can't be proven dead, but it is in doubt from then on, and settled a day later at the latest."""
    run_id = world.submit()
    elsewhere = replace(world.holder, host="another container")
    world.change(holder=elsewhere)
    world.market.before_spending = die
    assert await world.killed(run_id)
    world.change(alive=lambda _holder: True)
    for _ in range(23):
        await reconcile(world.parts)
        assert world.charge(run_id).state is ChargeState.IN_DOUBT
        world.clock.advance(HOUR)
    for _ in range(4):
        world.clock.advance(HOUR)
        await reconcile(world.parts)
    assert world.charge(run_id).state is ChargeState.RELEASED


async def test_a_doubt_has_its_own_window(make_world: MakeWorld) -> None:
    """A run that waited its turn, and then lost its answer, reads for as long as any other."""
    world = make_world(AUTO)
    first, second = world.submit(), world.submit()
    calls = 0

    def lose_the_first_and_the_third() -> None:
        nonlocal calls
        calls += 1
        if calls in (1, 3):
            world.market.fail("rent_with_credits", RequestLost())

    world.market.before_spending = lose_the_first_and_the_third
    runs = await asyncio.gather(world.drive(first), world.drive(second))
    assert [run.status for run in runs] == [RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]
    lost = next(charge for charge in world.log.charges(second) if charge.submitted_at)
    assert lost.submitted_at is not None
    assert lost.settled_at is not None
    assert (lost.settled_at - lost.submitted_at).total_seconds() >= 300


async def test_overrun_is_not_counted_while_the_pod_was_stopped(make_world: MakeWorld) -> None:
    """It cost storage then; what it costs as it runs again is counted from there."""
    world = make_world(NO_TIMER)
    order = await left_by_an_ended_run(world)
    pod = world.market.orders[order.order_id]
    for status in ("stopped", "running"):
        pod.status = status
        await look(world, order)
        world.clock.advance(10 * HOUR)
    pod.status = "terminated"
    await look(world, order)
    assert [amount for _, amount, _ in accrued(world, Kind.OVERRUN)] == [10 * 49]


async def test_what_accrues_is_booked_on_the_account_that_rented(make_world: MakeWorld) -> None:
    """The key was changed meanwhile; whoever looks, it is the old one that pays."""
    world = make_world(NO_TIMER)
    order = await left_by_an_ended_run(world)
    world.change(account="key-2")
    world.market.orders[order.order_id].status = "stopped"
    await look(world, order)
    assert [account for _, _, account in accrued(world, Kind.STORAGE)] == ["key-1"]


async def test_two_who_see_the_same_pod_count_it_once(make_world: MakeWorld) -> None:
    """Overrun and end, each seen by two processes at once: one row, and no error."""
    world = make_world(NO_TIMER)
    order = await left_by_an_ended_run(world)
    world.clock.advance(3 * HOUR)
    pod = world.market.orders[order.order_id]
    for status in ("running", "terminated"):
        pod.status = status
        stale = world.log.order(order.order_id)
        assert stale is not None
        other = replace(world.parts, log=world.open_log(), last_views={})
        await asyncio.gather(world.parts.look(stale), other.look(stale))
        other.log.close()
    ((state, amount, _),) = accrued(world, Kind.OVERRUN)
    assert state is ChargeState.PAID
    assert amount > 0


@pytest.mark.parametrize(("hours", "gone"), [(3, False), (27, True)])
async def test_an_order_that_the_provider_forgot_counts_as_gone(world: World, hours: int, *, gone: bool) -> None:
    """A day after its paid hours, and not before: until then a provider may only be confused."""
    order = await left_by_an_ended_run(world)
    world.clock.advance(hours * HOUR)
    world.market.orders.clear()
    with pytest.raises(OfferGone):
        await look(world, order)
    run_id = order.run_id
    await world.drive(run_id)
    left = await end_left_running(world.parts)
    assert [one.order_id for one in left] == ([] if gone else [order.order_id])
    assert any(f"forgotten {short_id(order.order_id)}" in line for line in world.face.lines) == gone


async def test_the_order_of_an_orphan_takes_up_its_run(world: World) -> None:
    """A human names it while the run waits to be resumed: the paid pod is used, not ended."""
    run_id = world.submit()
    world.market.after_spending = die
    assert await world.killed(run_id)
    await reconcile(world.parts)
    await reconcile_account(world.parts)
    assert world.charge(run_id).state is ChargeState.ORPHANED
    (order_id,) = world.market.orders
    said = await settle_by_hand(world.parts, world.charge(run_id).charge_id, ItsOrder(order_id), "me")
    assert "goes on with it" in said
    assert (await world.drive(run_id)).code == 0
    assert world.purchases == ["rent_with_credits"]
    assert world.pods_left == []


async def test_two_that_were_approved_at_once_both_buy(make_world: MakeWorld) -> None:
    """They reserve side by side; the one whose turn comes second waits for the other's answer, and keeps its yes."""
    world = make_world(ASK)
    runs = [world.submit(), world.submit()]
    for run_id in runs:
        world.approve_at(10, run_id)
    look, buy = world.market.balance, world.market.rent_with_credits

    async def slow_look() -> Balance:
        await world.clock.sleep(2)
        return await look()

    async def slow_answer(gpu_id: str, hours: int) -> Answer:
        answered = await buy(gpu_id, hours)
        await world.clock.sleep(3)
        return answered

    world.market.balance = slow_look  # type: ignore[method-assign]
    world.market.rent_with_credits = slow_answer  # type: ignore[method-assign]
    ended = await asyncio.gather(*map(world.drive, runs))
    assert [run.code for run in ended] == [0, 0]
    assert [len(world.log.attempts(run_id)) for run_id in runs] == [1, 1]
    assert world.purchases == ["rent_with_credits"] * 2
