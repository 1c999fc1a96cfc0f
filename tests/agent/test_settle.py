"""`settle`: a human's word about money in doubt, and what follows from it."""

import pytest

from agent.errors import CannotSettle
from agent.reconcile import reconcile
from agent.settle import ItsOrder, NotCharged, WasRefunded, settle_by_hand
from policies.charge import ChargeState
from tests.agent.world import PRICE, World
from tests.fakes.faults import AnswerLost, RequestLost
from tools.spend_log.rows import RunStatus


async def in_doubt(world: World, *, taken: bool = True, noise: int = 13) -> str:
    """The charge of a run that ended in doubt because somebody else spends on the account too."""
    world.market.fail("rent_with_credits", AnswerLost() if taken else RequestLost())
    world.market.before_spending = lambda: world.market.spend_elsewhere(noise)
    run = await world.run()
    world.market.before_spending = lambda: None
    assert run.status is RunStatus.IN_DOUBT
    return world.charge(run.run_id).charge_id


def charge_state(world: World, charge_id: str) -> ChargeState:
    charge = world.log.charge(charge_id)
    assert charge is not None
    return charge.state


async def test_the_order_makes_it_paid_and_its_pod_is_ended(world: World) -> None:
    """The run is over, so that nobody wants the pod any more."""
    charge_id = await in_doubt(world)
    (order_id,) = world.market.orders
    said = await settle_by_hand(world.parts, charge_id, ItsOrder(order_id), "me")
    charge = world.log.charge(charge_id)
    assert charge is not None
    assert (charge.state, charge.order_id, charge.amount) == (ChargeState.PAID, order_id, PRICE)
    assert "swineherd resume" in said
    assert [order.order_id for order in world.log.orders(charge.run_id, open_only=True)] == [order_id]
    assert order_id in (world.home.path / "orders.jsonl").read_text(encoding="utf-8")


async def test_the_order_of_an_orphan_is_kept_so_that_it_can_be_ended(world: World) -> None:
    """The money was proven taken; what was missing is the id."""
    world.market.fail("rent_with_credits", AnswerLost())
    run = await world.run()
    charge = world.charge(run.run_id)
    assert charge.state is ChargeState.ORPHANED
    (order_id,) = world.market.orders
    await settle_by_hand(world.parts, charge.charge_id, ItsOrder(order_id), "me")
    assert world.charge(run.run_id).state is ChargeState.ORPHANED
    assert len(world.log.orders(run.run_id, open_only=True)) == 1


async def test_not_charged_frees_the_money(world: World) -> None:
    """And a debit that is there all the same is found by the next readings."""
    charge_id = await in_doubt(world, taken=False)
    await settle_by_hand(world.parts, charge_id, NotCharged(), "me")
    assert charge_state(world, charge_id) is ChargeState.RELEASED
    assert world.log.totals().in_doubt == 0
    await reconcile(world.parts)
    assert world.log.totals().spent == 13
    world.market.spend_elsewhere(PRICE)
    await reconcile(world.parts)
    assert world.log.totals().spent == 13 + PRICE


async def test_refunded_is_spent_and_given_back(world: World) -> None:
    """What was spent goes on counting; what came back is found by the next reading that can tell."""
    charge_id = await in_doubt(world)
    world.market.spend_elsewhere(-PRICE)
    await settle_by_hand(world.parts, charge_id, WasRefunded(), "me")
    assert charge_state(world, charge_id) is ChargeState.ORPHANED
    world.clock.advance(400)
    await reconcile(world.parts)
    (refund,) = world.log.charges(states=[ChargeState.REFUND])
    assert refund.amount == PRICE
    assert world.log.totals().spent == PRICE + 13
    assert world.log.broken_chain() is None


async def test_the_word_is_written_down(world: World) -> None:
    """Who said what about which charge."""
    charge_id = await in_doubt(world)
    await settle_by_hand(world.parts, charge_id, NotCharged(), "anna")
    (said,) = [event for event in world.log.events() if event.kind == "settled_by_hand"]
    assert '"anna"' in said.body
    assert "NotCharged" in said.body
    assert said.charge_id == charge_id


async def test_an_order_that_the_provider_does_not_know_settles_nothing(world: World) -> None:
    """A mistyped id would lose the pod."""
    charge_id = await in_doubt(world)
    with pytest.raises(CannotSettle, match="knows no order"):
        await settle_by_hand(world.parts, charge_id, ItsOrder("HOG-ffffffffffff"), "me")
    assert charge_state(world, charge_id) is ChargeState.IN_DOUBT
    assert world.log.orders() == []


async def test_the_order_of_another_run_settles_nothing(world: World) -> None:
    """It is paid for already."""
    await world.run()
    (order_id,) = world.market.orders
    charge_id = await in_doubt(world)
    with pytest.raises(CannotSettle, match="another charge"):
        await settle_by_hand(world.parts, charge_id, ItsOrder(order_id), "me")
    assert charge_state(world, charge_id) is ChargeState.IN_DOUBT


@pytest.mark.parametrize("word", [ItsOrder("HOG-000000000001"), NotCharged(), WasRefunded()])
async def test_only_doubt_is_settled(world: World, word: ItsOrder | NotCharged | WasRefunded) -> None:
    """A paid charge is final, whatever anybody says; so is one that does not exist."""
    run = await world.run()
    with pytest.raises(CannotSettle, match="is paid, not in doubt"):
        await settle_by_hand(world.parts, world.charge(run.run_id).charge_id, word, "me")
    with pytest.raises(CannotSettle, match="no charge nothing"):
        await settle_by_hand(world.parts, "nothing", word, "me")
