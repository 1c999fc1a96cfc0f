"""A purchase on the wire and its answer: neither an impatient human nor a failing store loses an order id."""

import asyncio
from dataclasses import replace

import pytest

from agent.errors import LeaseHeld
from policies.answers import Answer
from policies.charge import ChargeState
from policies.policy import Policy
from tests.agent.conftest import MakeWorld
from tests.agent.world import AUTO, CHECKOUT, PRICE, World
from tools.errors import StoreUnusable
from tools.spend_log.rows import RunStatus

pytestmark = pytest.mark.timeout(60)


class Wire:
    """Holds every answer to a spending call until it is let through."""

    def __init__(self, world: World) -> None:
        self.sent = asyncio.Event()
        self.let = asyncio.Event()
        self._rent, self._rent_with_credits = world.market.rent, world.market.rent_with_credits
        world.market.rent = self.rent  # type: ignore[method-assign]
        world.market.rent_with_credits = self.rent_with_credits  # type: ignore[method-assign]

    async def rent(self, gpu_id: str, hours: int) -> Answer:
        return await self._held(await self._rent(gpu_id, hours))

    async def rent_with_credits(self, gpu_id: str, hours: int) -> Answer:
        return await self._held(await self._rent_with_credits(gpu_id, hours))

    async def _held(self, answer: Answer) -> Answer:
        self.sent.set()
        await self.let.wait()
        return answer


@pytest.mark.parametrize(
    ("policy", "booked"), [(AUTO, ChargeState.PAID), (CHECKOUT, ChargeState.AWAITING_PAYMENT)], ids=["credits", "link"]
)
async def test_a_purchase_is_finished_however_often_it_is_cancelled(
    make_world: MakeWorld, policy: Policy, booked: ChargeState
) -> None:
    """The driving task is cancelled again and again while the answer is out: it ends only when the answer is booked."""
    world = make_world(policy)
    wire, run_id = Wire(world), world.submit()
    driving = asyncio.create_task(world.drive(run_id))
    await wire.sent.wait()
    for _ in range(5):
        driving.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
    assert not driving.done()
    wire.let.set()
    with pytest.raises(asyncio.CancelledError):
        await driving
    charge = world.charge(run_id)
    assert charge.state is booked
    assert [order.order_id for order in world.log.orders(run_id)] == list(world.market.orders)
    world.restart()
    await world.drive(run_id, wait=False)
    assert len(world.purchases) == 1


def fail_to_keep(world: World, times: float) -> None:
    """The store fails so often as an answer is to be stored."""
    honest, tries = world.log.keep_answer, 0

    def keep(*arguments: object) -> None:
        nonlocal tries
        tries += 1
        if tries <= times:
            raise StoreUnusable("spend.db: another process has held it for 15 seconds")
        honest(*arguments)  # type: ignore[arg-type]

    world.log.keep_answer = keep  # type: ignore[assignment]


async def test_an_answer_is_stored_at_a_later_try(world: World) -> None:
    """A store that is busy for a moment makes no doubt."""
    fail_to_keep(world, 4)
    run = await world.run()
    assert run.code == 0
    assert world.purchases == ["rent_with_credits"]
    world.check()


@pytest.mark.parametrize("policy", [AUTO, CHECKOUT], ids=["credits", "checkout"])
async def test_an_answer_that_cannot_be_stored_is_told(make_world: MakeWorld, policy: Policy) -> None:
    """The human gets the whole order id, since nobody else has it any more; nothing is bought again afterwards."""
    world = make_world(policy)
    fail_to_keep(world, float("inf"))
    run_id = world.submit()
    with pytest.raises(StoreUnusable):
        await world.drive(run_id)
    (order_id,) = world.market.orders
    assert any(order_id in line for line in world.face.lines)
    world.restart()
    run = await world.drive(run_id, wait=False)
    assert len(world.purchases) == 1
    if policy is AUTO:
        assert (run.status, run.code) == (RunStatus.IN_DOUBT, 7)
        assert world.log.totals().spent == PRICE


async def test_a_store_that_is_busy_once_does_not_end_the_driving(world: World) -> None:
    """On this machine a living holder keeps its lease, renewed or not; the next heartbeat renews it."""
    run_id, beats, third = world.submit(), 0, asyncio.Event()
    honest = world.log.renew_lease

    def renew(*arguments: object) -> bool:
        nonlocal beats
        beats += 1
        if beats == 1:
            raise StoreUnusable("spend.db: another process has held it for 15 seconds")
        if beats == 3:
            third.set()
        return honest(*arguments)  # type: ignore[arg-type]

    world.log.renew_lease = renew  # type: ignore[assignment]
    driver = replace(world.driver(), heartbeat_seconds=0.001)
    async with driver.lease(run_id):
        await third.wait()


async def test_a_suspended_holder_on_this_host_keeps_its_lease(world: World) -> None:
    """It may be in the middle of a purchase: another process is told who drives, however long that is silent."""
    run_id = world.submit()
    suspended = replace(world.driver(), parts=replace(world.parts, alive=lambda _holder: True))
    other = replace(suspended, parts=replace(suspended.parts, holder=replace(world.holder, pid=4711)))
    async with suspended.lease(run_id):
        world.clock.advance(24 * 3600)
        with pytest.raises(LeaseHeld, match=f"process {world.holder.pid} on here"):
            await other.drive(run_id, wait=False)
    assert world.calls == []
    assert (await other.drive(run_id, wait=False)).code == 0


@pytest.mark.parametrize("policy", [AUTO, CHECKOUT], ids=["credits", "link"])
async def test_a_cancel_between_the_reservation_and_the_intent_is_heard(make_world: MakeWorld, policy: Policy) -> None:
    """A reserved purchase may wait for its turn: nothing is sent for a run that somebody has cancelled by then."""
    world = make_world(policy)
    run_id = world.submit()

    def cancel_once_reserved(_number: int) -> None:
        if world.log.charges(run_id, [ChargeState.HELD]) and not world.parts.run(run_id).cancel_requested:
            world.log.before_write = lambda _: None
            world.cancel(run_id)

    world.log.before_write = cancel_once_reserved
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert world.states(run_id) == ["held", "released"]
    assert world.purchases == []
    world.check()
