"""Offers and answers: bound to the payer, asked once, and a no stays a no."""

import asyncio

import pytest

from agent.errors import BadSettings
from agent.herd import Herd
from policies.answers import Balance
from policies.charge import ChargeState
from policies.money import Cents
from policies.offer import Listing
from policies.policy import Payment, Policy
from tests.agent.conftest import MakeWorld
from tests.agent.watched import Killed
from tests.agent.world import ASK, AUTO, CHECKOUT, GPU, PRICE, World
from tests.fakes.faults import Refuse, RequestLost
from tools.spend_log.rows import Decision, RunStatus
from tools.ssh.snapshot import pack

UNASKED_WHEN_CHEAPER = Policy(payment=Payment(auto_pay=Cents(90), auto_pay_per_day=Cents(5000)))
CHEAPER = "0.40"

OTHER_KEY = {"account": "key-2"}
OTHER_PROVIDER = {"base_url": "https://other.test/api"}

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("other", [OTHER_KEY, OTHER_PROVIDER], ids=["key", "provider"])
async def test_an_approval_never_spends_on_another_account(make_world: MakeWorld, other: dict[str, str]) -> None:
    """A yes for one payer is none for another: a fresh offer with a new code is made, and only its yes buys."""
    world = make_world(ASK)
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    first = world.log.approval(run_id)
    world.decide(run_id, Decision.APPROVED)
    world.restart()
    world.change(**other)
    run = await world.drive(run_id, wait=False)
    second = world.log.approval(run_id)
    assert run.code == 4
    assert world.purchases == []
    assert first is not None
    assert second is not None
    assert second.code != first.code
    assert second.decision is None
    world.decide(run_id, Decision.APPROVED)
    assert (await world.drive(run_id)).code == 0
    charge = world.charge(run_id)
    assert (charge.account, charge.base_url) == (world.parts.account, world.parts.base_url)


async def test_a_checkout_is_not_requested_for_another_provider(make_world: MakeWorld) -> None:
    """An offer made at one provider is made anew at another before `rent` is sent."""
    world = make_world(CHECKOUT)
    run_id = world.submit()

    def die(step: str) -> None:
        if step == "rent":
            raise Killed

    world.log.entering = die
    assert await world.killed(run_id)
    world.change(**OTHER_PROVIDER)
    await world.drive(run_id, wait=False)
    assert world.purchases == ["rent"]
    assert world.charge(run_id).base_url == OTHER_PROVIDER["base_url"]


async def test_a_run_with_a_pod_elsewhere_is_refused(world: World) -> None:
    """Whoever knows an order id can end its pod: no other provider is told it."""
    run_id = world.submit()
    await world.driver().leg(run_id, None)
    world.restart()
    world.change(**OTHER_PROVIDER)
    world.calls.clear()
    with pytest.raises(BadSettings, match=r"a pod at https://gpuhog\.test/api"):
        await world.drive(run_id)
    assert world.calls == []


async def test_what_an_ended_run_left_elsewhere_is_named_and_left_alone(make_world: MakeWorld) -> None:
    """Neither its pod nor its link is asked for at another provider; the pod goes on being listed."""
    world = make_world(CHECKOUT)
    paid, unpaid = world.submit(), world.submit()
    for run_id in (paid, unpaid):
        await world.drive(run_id, wait=False)
        world.cancel(run_id)
        await world.drive(run_id)
    herd = Herd(world.parts, world.driver(), pack)
    world.market.pay(world.charge(paid).order_id)
    await herd.settle_links()
    world.change(**OTHER_PROVIDER)
    world.calls.clear()
    elsewhere = Herd(world.parts, world.driver(), pack)
    await elsewhere.settle_links()
    assert [order.run_id for order in await elsewhere.end_left_running()] == [paid]
    assert world.calls == []


async def test_another_accounts_readings_prove_no_refusal(world: World) -> None:
    """A refusal is believed on two equal readings of the same account; one that paid nothing yet proves nothing."""
    world.market.fail("rent_with_credits", Refuse(402))
    run_id = world.submit()
    honest = world.market.balance

    async def die() -> Balance:
        if world.log.charges(run_id, states=[ChargeState.SUBMITTING]):
            raise Killed
        return await honest()

    world.market.balance = die  # type: ignore[method-assign]
    assert await world.killed(run_id)
    world.market.balance = honest  # type: ignore[method-assign]
    world.change(**OTHER_KEY)
    assert (await world.drive(run_id)).code == 7
    assert world.charge(run_id).state is ChargeState.IN_DOUBT


async def test_a_denial_survives_a_crash_anywhere(make_world: MakeWorld) -> None:
    """Killed before any write of its way out, with the price below what needs no asking afterwards: never bought."""
    writes = 0
    while True:
        writes += 1
        world = make_world(UNASKED_WHEN_CHEAPER)
        run_id = world.submit()
        await world.drive(run_id, wait=False)
        world.decide(run_id, Decision.DENIED)
        die_at_write(world, world.log.writes + writes)
        killed = await world.killed(run_id, wait=False)
        world.log.before_write = lambda _number: None
        world.market.set_price(GPU, CHEAPER)
        for fresh in (False, True):
            run = await world.drive(run_id, wait=False, fresh=fresh)
            assert (run.status, run.code) == (RunStatus.DENIED, 6)
        assert world.purchases == []
        if not killed:
            break
    assert writes > 5


def die_at_write(world: World, number: int) -> None:
    def die(written: int) -> None:
        if written == number:
            raise Killed

    world.log.before_write = die


@pytest.mark.parametrize("forgotten", [False, True], ids=["checkpoint", "no-checkpoint"])
async def test_a_no_is_not_asked_again_by_a_later_resume(make_world: MakeWorld, forgotten: bool) -> None:
    """`resume` makes a fresh offer where nobody answered; somebody did, even if that is long ago."""
    world = make_world(UNASKED_WHEN_CHEAPER)
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    world.decide(run_id, Decision.DENIED)
    world.clock.advance(7200)
    world.market.set_price(GPU, CHEAPER)
    if forgotten:
        world.saver = type(world.saver)()
    run = await world.drive(run_id, fresh=True)
    assert (run.status, run.code, world.purchases) == (RunStatus.DENIED, 6, [])


async def test_another_purchase_in_doubt_burns_no_approval(make_world: MakeWorld) -> None:
    """Credits are spent one at a time: this run waits the doubt's time out, and buys with the yes it has."""
    world = make_world(ASK)
    doubtful, run_id = world.submit(), world.submit()
    world.market.fail("rent_with_credits", RequestLost())
    world.approve_at(1, doubtful)
    world.clock.at(2, lambda: world.market.spend_elsewhere(13))
    asked = len(world.log.events(run_id))
    world.approve_at(5, run_id)
    runs = await asyncio.gather(world.drive(doubtful), world.drive(run_id))
    assert [run.code for run in runs] == [7, 0]
    (in_doubt,) = world.log.charges(doubtful)
    bought = world.charge(run_id)
    assert in_doubt.submitted_at is not None
    assert bought.submitted_at is not None
    assert 360 <= (bought.submitted_at - in_doubt.submitted_at).total_seconds() < 400
    assert len(world.log.attempts(run_id)) == 1
    kinds = [event.kind for event in world.log.events(run_id)]
    assert asked == 1
    assert kinds.count("asked") == 1
    assert world.log.totals().in_doubt == PRICE


async def test_the_wait_for_another_purchase_has_an_end(make_world: MakeWorld) -> None:
    """One that may still be sent, by a process that is only suspended: after `settle_seconds` this run is refused."""
    world = make_world(AUTO)
    stuck, run_id = world.submit(), world.submit()

    def die() -> None:
        raise Killed

    world.market.before_spending = die
    assert await world.killed(stuck)
    world.change(alive=lambda _holder: True)
    began = world.clock.monotonic()
    run = await world.drive(run_id, wait=False)
    assert (run.status, run.code) == (RunStatus.REFUSED, 3)
    assert "another purchase" in run.reason
    assert 300 <= world.clock.monotonic() - began < 450
    assert len(world.log.attempts(run_id)) == 1
    assert world.charge(stuck).state is ChargeState.SUBMITTING


async def test_cancelled_while_the_price_is_read_on_the_checkout_rail(make_world: MakeWorld) -> None:
    """No link is requested for a run that is to end."""
    world = make_world(CHECKOUT)
    run_id = world.submit()
    honest = world.market.gpus

    async def cancelled_meanwhile() -> tuple[Listing, ...]:
        if world.parts.run(run_id).step == "rent":
            world.cancel(run_id)
        return await honest()

    world.market.gpus = cancelled_meanwhile  # type: ignore[method-assign]
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert world.purchases == []
    assert world.log.charges(run_id) == []
