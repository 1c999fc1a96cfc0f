"""The lookout: who is looked at when, what that costs, and that nothing is asked for over and over."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.batch.drive import to_do
from agent.engine.allowance import Allowance
from agent.engine.asked import Asked
from agent.engine.counted_market import CountedMarket
from agent.engine.crew import Crew
from agent.engine.leg import Leg
from agent.engine.legs import Legs
from agent.engine.lookout import MOST_LOOKS_AT_ONCE, TICK_SECONDS, Lookout
from agent.engine.metrics import Metrics
from policies.order import OrderView
from tests.agent.batch.herd_of import submitted
from tests.agent.conftest import MakeWorld
from tests.agent.engine.plain_queue import PlainQueue
from tests.agent.world import ASK, World
from tests.fakes.clock import FakeClock
from tests.tools.spend_log.things import an_order
from tools.spend_log.rows import Awaited, Decision, Parked

MINUTE = timedelta(minutes=1)


@asynccontextmanager
async def looking(
    world: World, queue: PlainQueue, crew: Crew | None = None, allowance: Allowance | None = None
) -> AsyncIterator[Lookout]:
    """A lookout whose legs nobody drives."""
    parts = world.parts
    allowance = allowance or Allowance(parts.clock, parts.policy.network.max_requests_per_second)
    lookout = Lookout(parts, queue, Legs(world.driver()), crew or Crew(parts), Metrics(parts.log), allowance)
    try:
        yield lookout
    finally:
        await lookout.close()


async def look_for(world: World, lookout: Lookout, seconds: float) -> None:
    """Tick for so long."""
    end = world.clock.monotonic() + seconds
    while world.clock.monotonic() < end:
        await lookout.tick()
        await world.clock.sleep(TICK_SECONDS)


def park(world: World, awaited: Awaited, until: timedelta = 60 * MINUTE) -> str:
    """A run parked a minute ago, as if it waited for this, with a look that is due; its order is its own."""
    run_id = world.submit()
    now = world.clock.now()
    what = f"HOG-{run_id}"
    world.log.add_order(an_order(what, run_id))
    world.log.park(Parked(run_id, awaited, what, "deploying", f"at-{run_id}", now - MINUTE, now + until, now, 0))
    return run_id


def per_second(world: World, requests: int) -> None:
    """So many requests are allowed."""
    policy = world.parts.policy
    world.change(policy=replace(policy, network=replace(policy.network, max_requests_per_second=requests)))


async def test_a_deadline_comes_before_the_looks_that_are_due(world: World) -> None:
    """However many of those there are, and however long overdue."""
    per_second(world, 1)
    for _ in range(5):
        park(world, Awaited.HOST)
    world.clock.advance(30)
    late = park(world, Awaited.GONE, until=timedelta(0))
    queue = PlainQueue()
    async with looking(world, queue) as lookout:
        await look_for(world, lookout, 1)
    assert queue.asked[0] == Leg(late, f"at-{late}", "changed")


async def test_runs_of_another_home_are_left_to_its_workers(world: World) -> None:
    """Parked, new, or driven by somebody who is gone: their files are not here."""
    world.change(home_id="home-b")
    park(world, Awaited.DEPLOY, until=timedelta(0))
    gone = replace(world.holder, pid=1)
    world.log.take_lease(world.submit(), gone, world.clock.now(), 60, world.parts.alive)
    world.submit()
    queue = PlainQueue()
    for home, legs in (("home-a", 0), ("home-b", 3)):
        world.change(home_id=home)
        async with looking(world, queue) as lookout:
            await look_for(world, lookout, 3)
        assert len({leg.run_id for leg in queue.asked}) == legs


async def test_a_deadline_waits_for_nothing_that_runs_ask(world: World) -> None:
    """The others are looked at when the provider has had its rest."""
    early, late = park(world, Awaited.HOST), park(world, Awaited.GONE, until=timedelta(0))
    queue, allowance = PlainQueue(), Allowance(world.clock, 5)
    for _ in range(20):
        allowance.need()
    async with looking(world, queue, allowance=allowance) as lookout:
        await look_for(world, lookout, 1)
        assert [leg.run_id for leg in queue.asked] == [late]
        await look_for(world, lookout, 5)
    assert [leg.run_id for leg in queue.asked] == [late, early]


async def test_an_answer_needs_no_turn(make_world: MakeWorld) -> None:
    """It costs no request, so it waits for none."""
    world = make_world(ASK)
    run_id = world.submit()
    parked = await world.driver().leg(run_id, None)
    assert parked is not None
    for _ in range(20):
        park(world, Awaited.HOST)
    queue = PlainQueue()
    async with looking(world, queue) as lookout:
        await look_for(world, lookout, 1)
        world.decide(run_id, Decision.APPROVED)
        await look_for(world, lookout, 1)
    assert Leg(run_id, parked.interrupt_id, "changed") in queue.asked


@pytest.mark.parametrize("note", [1, 2], ids=["the watcher's", "the lookout's"])
async def test_an_answer_while_a_look_is_written_down_is_heard(make_world: MakeWorld, note: int) -> None:
    """From another process, after the look at it and before its note: not only at the deadline, where no yes counts."""
    world = make_world(ASK)
    run_id = world.submit()
    parked = await world.driver().leg(run_id, None)
    assert parked is not None
    world.clock.advance(1)
    at = world.log.writes + note
    world.log.before_write = lambda number: world.decide(run_id, Decision.APPROVED) if number == at else None
    queue = PlainQueue()
    async with looking(world, queue) as lookout:
        await look_for(world, lookout, 2)
    assert queue.asked == [Leg(run_id, parked.interrupt_id, "changed")]


class Hanging(CountedMarket):
    """Never says what became of an order."""

    async def order(self, order_id: str) -> OrderView:
        await asyncio.Event().wait()
        return await super().order(order_id)


async def test_a_provider_that_hangs_holds_up_no_human(make_world: MakeWorld) -> None:
    """Looks wait for it beside each other, and no more of them than there is room for."""
    world = make_world(ASK)
    run_id = world.submit()
    await world.driver().leg(run_id, None)
    per_second(world, 100)
    for _ in range(MOST_LOOKS_AT_ONCE + 10):
        park(world, Awaited.DEPLOY)
    world.change(market=Hanging(world.market, lambda _call, _error: None))
    queue = PlainQueue()
    async with looking(world, queue) as lookout:
        await look_for(world, lookout, 2)
        world.decide(run_id, Decision.APPROVED)
        await look_for(world, lookout, 1)
    assert run_id in [leg.run_id for leg in queue.asked]


async def test_a_leg_that_comes_to_nothing_is_asked_for_ever_more_rarely(world: World) -> None:
    """Whoever drives it has time to begin; a run that can't go on costs next to nothing."""
    run_id = world.submit()
    queue = PlainQueue()
    async with looking(world, queue) as lookout:
        await look_for(world, lookout, 3600)
    assert 6 <= Counter(queue.asked)[Leg(run_id)] <= 12


async def test_each_run_is_one_workers(world: World) -> None:
    """Two workers ask for each leg once between them."""
    run_ids = [park(world, Awaited.HOST) for _ in range(16)]
    queue = PlainQueue()
    other = replace(world.holder, pid=4711)
    for holder in (world.holder, other):
        world.log.beat(holder, world.clock.now())
    world.change(alive=lambda _holder: True)
    first, second = Crew(world.parts), Crew(replace(world.parts, holder=other))
    for crew in (first, second):
        await crew.round(queue)
    async with looking(world, queue, first) as one, looking(world, queue, second) as two:
        for _ in range(40):
            await one.tick()
            await two.tick()
            await world.clock.sleep(TICK_SECONDS)
    assert Counter(leg.run_id for leg in queue.asked) == Counter(run_ids)


async def test_what_is_asked_for_hides_nothing(world: World) -> None:
    """Many legs that nobody begins, and one more run that becomes due."""
    per_second(world, 100)
    for _ in range(130):
        park(world, Awaited.HOST)
    queue = PlainQueue()
    async with looking(world, queue) as lookout:
        await look_for(world, lookout, 4)
        assert len(queue.asked) == 130
        last = park(world, Awaited.HOST)
        await look_for(world, lookout, 2)
    assert last in [leg.run_id for leg in queue.asked]


def test_asked_again_after_ever_longer() -> None:
    """10 seconds, then 20, then 40; forgotten when it was not asked for again for as long."""
    clock = FakeClock()
    asked = Asked(clock)
    for wait in (10, 20, 40):
        asked.note("run-1")
        clock.advance(wait - 1)
        assert asked.lately("run-1")
        clock.advance(1)
        assert not asked.lately("run-1")
    asked.forget_old()
    assert len(asked) == 1
    clock.advance(40)
    asked.forget_old()
    assert len(asked) == 0


async def test_a_dead_batchs_queue_is_left_to_the_batch(world: World) -> None:
    """Its process died holding every run: what had begun is taken up, what waits would all be driven at once."""
    batch_id = submitted(world, 3)
    begun, cancelled, waits = to_do(world.parts, batch_id)
    world.log.enter_step(begun, "intake", world.clock.now())
    world.log.request_cancel(cancelled, world.clock.now(), "me")
    for run_id in (begun, cancelled, waits):
        world.log.take_lease(run_id, world.holder, world.clock.now(), 60, lambda _: True)
    world.restart()
    queue = PlainQueue()
    async with looking(world, queue) as lookout:
        await look_for(world, lookout, 5)
    assert {leg.run_id for leg in queue.asked} == {begun, cancelled}
