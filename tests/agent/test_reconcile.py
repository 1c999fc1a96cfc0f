"""A purchase in doubt, reconciled on the account's `total_spent`; and money found that nobody knew of."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.reconcile import reconcile
from policies.charge import ChargeState
from policies.money import Cents
from tests.agent.conftest import MakeWorld
from tests.agent.watched import Killed
from tests.agent.world import AUTO, GPU, PRICE, World
from tests.fakes.faults import AnswerLost, Refuse, RequestLost
from tools.spend_log.rows import Holder, Kind, RunStatus

ELSEWHERE = Holder(boot_id="boot", pid=7, started="1", host="another host")


def die() -> None:
    raise Killed


async def left_in_flight(world: World, moment: str = "before_spending") -> str:
    """A run whose process was killed as it called the market; nobody has driven it since."""
    run_id = world.submit()
    setattr(world.market, moment, die)
    assert await world.killed(run_id)
    return run_id


async def waited(world: World, times: int = 1, seconds: float = 100) -> None:
    """Commands that start one after the other, each doing what every start does."""
    for _ in range(times):
        world.clock.advance(seconds)
        await reconcile(world.parts)


# settled by proof


async def test_a_lost_answer_whose_money_was_taken_is_orphaned(world: World) -> None:
    """`total_spent` rose by exactly the amount: counted, never bought again, and the message has what a human needs."""
    world.market.fail("rent_with_credits", AnswerLost())
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.IN_DOUBT, 7)
    charge = world.charge(run.run_id)
    assert charge.state is ChargeState.ORPHANED
    for said in (f"$0.98 for {GPU}", "sent at 2026-03-30 12:00:00 UTC", "$0.00 before", "$0.98 at 12:00", "settle"):
        assert said in run.reason
    assert charge.charge_id in run.reason
    world.restart()
    await world.drive(run.run_id, fresh=True)
    assert world.purchases == ["rent_with_credits"]
    assert world.log.totals().spent == PRICE


async def test_a_request_that_never_arrived_is_released_and_bought_after_all(world: World) -> None:
    """Unchanged in at least three readings up to the end of the settle window, and not a second before."""
    world.market.fail("rent_with_credits", RequestLost())
    released: list[float] = []
    honest = world.log.settle

    def settle(charge_id: str, event: object, now: object) -> object:
        if type(event).__name__ == "Released":
            released.append(world.clock.monotonic())
        return honest(charge_id, event, now)  # type: ignore[arg-type]

    world.log.settle = settle  # type: ignore[method-assign,assignment]
    run = await world.run()
    assert run.code == 0
    assert world.states(run.run_id) == ["held", "submitting", "in_doubt", "released", "held", "submitting", "paid"]
    assert 300 <= released[0] < 330
    assert world.calls.count("balance") >= 3 + 2
    assert world.log.totals().spent == PRICE
    world.check()


@pytest.mark.parametrize("late", [20, 150, 299])
async def test_a_debit_that_comes_late_within_the_window_is_seen(world: World, late: float) -> None:
    """The provider books it while we read: orphaned, not released."""
    world.market.fail("rent_with_credits", RequestLost())
    world.clock.at(late, lambda: world.market.spend_elsewhere(PRICE))
    run = await world.run()
    assert run.code == 7
    assert world.charge(run.run_id).state is ChargeState.ORPHANED
    assert world.purchases == ["rent_with_credits"]


async def test_a_debit_after_the_window_is_a_row_of_its_own(world: World) -> None:
    """It was released; the money is found by the next reading, counts, and frees nothing."""
    world.market.fail("rent_with_credits", RequestLost())
    run = await world.run()
    world.market.spend_elsewhere(PRICE)
    await waited(world, 4)
    found = [charge for charge in world.log.charges() if charge.kind is Kind.FOUND]
    assert [(charge.state, charge.amount, charge.run_id) for charge in found] == [(ChargeState.ORPHANED, PRICE, "")]
    assert world.log.totals().spent == 2 * PRICE
    assert world.log.usage("another", world.clock.now()).day == 2 * PRICE
    assert run.code == 0
    await waited(world)
    assert world.log.totals().spent == 2 * PRICE


# not settled without proof


async def test_a_rise_of_another_amount_stays_in_doubt(world: World) -> None:
    """Somebody else spends with the key: no reading can tell, so a human must; the message says how."""
    world.market.fail("rent_with_credits", RequestLost())
    world.clock.at(10, lambda: world.market.spend_elsewhere(PRICE + 1))
    run = await world.run()
    assert run.code == 7
    assert world.charge(run.run_id).state is ChargeState.IN_DOUBT
    assert f"swineherd settle {world.charge(run.run_id).charge_id}" in run.reason
    await waited(world, 5)
    assert world.log.totals().in_doubt == PRICE


async def test_an_account_that_cannot_be_read_stays_in_doubt_until_it_can(world: World) -> None:
    """Nothing is proven by silence; later commands take the readings, one each."""
    world.market.fail("rent_with_credits", RequestLost())
    world.clock.at(1, lambda: world.market.fail("balance", *[Refuse(500)] * 1000))
    run = await world.run()
    assert run.code == 7
    assert "total_spent was $0.00 before" in run.reason
    world.market.faults["balance"].clear()
    await waited(world)
    assert world.log.totals().in_doubt == PRICE
    await waited(world)
    assert world.charge(run.run_id).state is ChargeState.RELEASED


async def test_a_top_up_in_between_changes_nothing(make_world: MakeWorld) -> None:
    """The doubt is settled as without it; the top-up is a row of its own and frees no cap."""
    world = make_world(replace(AUTO, budget=replace(AUTO.budget, per_day=Cents(PRICE))))
    world.market.fail("rent_with_credits", RequestLost())
    world.clock.at(10, lambda: setattr(world.market, "purchased", Cents(world.market.purchased + 500)))
    run = await world.run()
    assert run.code == 0
    found = [(charge.state, charge.amount) for charge in world.log.charges() if charge.kind is Kind.FOUND]
    assert found == [(ChargeState.TOPUP, 500)]
    assert world.log.usage("x", world.clock.now()).day == PRICE


async def test_a_balance_that_does_not_add_up_proves_nothing(world: World) -> None:
    """`balance = purchased − spent` is the check on every reading."""
    world.market.fail("rent_with_credits", RequestLost())
    honest = world.market.balance

    async def crooked() -> object:
        read = await honest()
        return replace(read, balance=Cents(read.balance + 1)) if world.clock.monotonic() else read

    world.market.balance = crooked  # type: ignore[method-assign,assignment]
    run = await world.run()
    assert run.code == 7
    assert world.charge(run.run_id).state is ChargeState.IN_DOUBT


async def test_two_doubts_on_one_account_have_two_candidates(world: World) -> None:
    """Which of two a rise belongs to nobody knows; both stay, both count."""
    first = await left_in_flight(world)
    world.market.fail("balance", *[Refuse(500)] * 1000)
    assert (await world.drive(first)).code == 7
    world.market.faults["balance"].clear()
    world.clock.advance(400)
    second = await left_in_flight(world, "after_spending")
    run = await world.drive(second)
    assert run.code == 7
    assert world.log.totals().in_doubt == 2 * PRICE
    await waited(world, 4)
    assert world.log.totals().in_doubt == 2 * PRICE


async def test_storage_that_accrues_leaves_every_doubt_to_a_human(world: World) -> None:
    """Its debits come by the hour, so that no rise is exact."""
    run_id = await left_in_flight(world)
    charge = world.charge(run_id)
    storage = replace(charge, charge_id="chg-storage", kind=Kind.STORAGE, state=ChargeState.ACCRUING, attempt=9)
    world.log.accrue(replace(storage, submitted_at=None, total_spent_before=None, balance_before=None))
    assert (await world.drive(run_id)).code == 7
    assert world.log.charge(charge.charge_id) is not None
    assert world.log.totals().in_doubt == PRICE


# who may have sent it


async def test_a_sender_that_may_still_send_is_waited_for_a_day(world: World) -> None:
    """One on another host can't be proven dead: its doubt is not settled before 24 hours are over."""
    world.change(holder=ELSEWHERE, alive=lambda holder: True)
    world.holder = ELSEWHERE
    run_id = world.submit()
    world.market.before_spending = die
    assert await world.killed(run_id)
    world.change(alive=lambda holder: True)
    world.clock.advance(120)
    assert (await world.drive(run_id)).code == 7
    await waited(world, 20, 3600)
    assert world.charge(run_id).state is ChargeState.IN_DOUBT
    await waited(world, 5, 3600)
    assert world.charge(run_id).state is ChargeState.RELEASED


async def test_what_a_living_process_is_sending_is_left_to_it(world: World) -> None:
    """Every start settles what the dead left, and only that."""
    run_id = await left_in_flight(world)
    world.change(alive=lambda _holder: True)
    await reconcile(world.parts)
    assert world.charge(run_id).state is ChargeState.SUBMITTING


async def test_every_start_settles_what_the_dead_left(world: World) -> None:
    """`submitting` of a dead process: in doubt at once, released by later readings, with nobody driving the run."""
    run_id = await left_in_flight(world)
    await reconcile(world.parts)
    assert world.charge(run_id).state is ChargeState.IN_DOUBT
    await waited(world, 4)
    assert world.charge(run_id).state is ChargeState.RELEASED
    assert world.log.lease(run_id) is None
    assert (await world.drive(run_id)).code == 0
    world.check()


async def test_every_start_releases_what_the_dead_only_held(world: World) -> None:
    """It was never sent."""
    run_id = world.submit()
    submit = world.log.submit
    world.log.submit = lambda *_: die()  # type: ignore[method-assign,assignment]
    assert await world.killed(run_id)
    world.log.submit = submit  # type: ignore[method-assign]
    assert world.charge(run_id).state is ChargeState.HELD
    await reconcile(world.parts)
    assert world.charge(run_id).state is ChargeState.RELEASED


async def test_a_stored_answer_is_settled_by_it(world: World) -> None:
    """The dead process had heard and stored it: paid, and the order is known to whoever comes next."""
    run_id = world.submit()
    parts = world.parts
    world.change(read_receipt=lambda _answer: die())
    assert await world.killed(run_id)
    world.change(read_receipt=parts.read_receipt)
    await reconcile(world.parts)
    assert world.charge(run_id).state is ChargeState.PAID
    assert len(world.log.orders(run_id, open_only=True)) == 1


# money of others


async def test_anothers_debit_counts_and_is_told_once(world: World) -> None:
    """The caps hold over all that was spent with the key; the first reading of all only sets what is not ours."""
    world.market.spend_elsewhere(500)
    await waited(world)
    assert world.log.charges() == []
    world.market.spend_elsewhere(13)
    await waited(world, 3)
    (found,) = world.log.charges()
    assert (found.state, found.amount) == (ChargeState.ORPHANED, 13)
    assert sum("$0.13" in line for line in world.face.lines) == 1


async def test_money_found_before_a_purchase_is_counted_before_it(make_world: MakeWorld) -> None:
    """The caps are looked at again, with it."""
    world = make_world(replace(AUTO, budget=replace(AUTO.budget, per_day=Cents(PRICE + 10))))
    await reconcile(world.parts)
    world.market.spend_elsewhere(13)
    run = await world.run()
    assert run.code == 3
    assert "per_day_usd" in run.reason
    assert world.purchases == []


async def test_a_refund_is_a_row_of_its_own(world: World) -> None:
    """What was spent stays spent for the caps."""
    run = await world.run()
    world.market.spend_elsewhere(-PRICE)
    await waited(world, 2)
    assert [charge.state for charge in world.log.charges()] == [ChargeState.PAID, ChargeState.REFUND]
    assert world.log.totals().spent == PRICE
    assert run.ended_at is not None
    assert world.clock.now() - run.ended_at > timedelta(0)
