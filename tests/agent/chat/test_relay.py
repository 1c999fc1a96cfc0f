"""What is told on any channel: links to pay, ends of runs, alarms; and by one process at a time."""

import asyncio
from dataclasses import replace

import pytest

from agent.chat import news, relay
from agent.chat.posted import alone
from agent.parts import Parts
from policies.charge import ChargeState
from tests.agent.chat.wall import Wall, relay_of
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, CHECKOUT, PRICE, World
from tests.fakes.clock import FakeClock
from tests.fakes.faults import RequestLost


async def test_a_link_is_posted_while_it_stands(make_world: MakeWorld) -> None:
    """Its host in clear; once paid it closes, and the end is told in its thread."""
    world, wall = make_world(CHECKOUT), Wall()
    relaying = relay_of(world, wall)
    await relaying.round()
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    for _ in range(2):
        await relaying.round()
    (paying,) = wall.links
    assert (paying.run_id, paying.link.charge.amount, paying.link.host) == (run_id, PRICE, "checkout.stripe.com")
    assert paying.title.endswith("= $0.98, by card")
    assert paying.link.url.startswith("https://checkout.stripe.com/")
    world.market.pay(next(iter(world.market.orders)))
    assert (await world.drive(run_id)).code == 0
    await relaying.round()
    ((ref, over),) = wall.closed
    assert (ref, over.words.partition(" at ")[0]) == ("link-1", "paid, seen")
    ((thread, said),) = wall.told
    assert (thread, said.title) == ("link-1", f"{run_id}: succeeded")


async def test_a_link_that_expired_is_shown_no_more(make_world: MakeWorld) -> None:
    """Whether or not somebody has booked that yet."""
    world, wall = make_world(CHECKOUT), Wall()
    relaying = relay_of(world, wall)
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    await relaying.round()
    world.clock.advance((wall.links[0].link.expires_at - world.clock.now()).total_seconds())
    await relaying.round()
    assert [over.words for _, over in wall.closed] == ["expired"]
    assert run_id == wall.links[0].run_id


async def test_an_alarm_is_told_once_each_time_it_comes(world: World) -> None:
    """While it stands no second time; when it comes back it is news."""
    wall = Wall()
    relaying = relay_of(world, wall)
    for _ in range(2):
        world.log.freeze("by hand", world.clock.now())
        for _ in range(2):
            await relaying.round()
            world.clock.advance(61)
        world.log.unfreeze(world.clock.now())
        await relaying.round()
    assert [said.title for _, said in wall.told] == ["Spending is frozen", "Spending is frozen"]


async def test_ends_are_told_once_and_those_before_the_first_day_never(world: World) -> None:
    """Runs that asked nothing too, and those that ended while nobody relayed."""
    wall = Wall()
    await world.run()
    await relay_of(world, wall).round()
    assert wall.told == []
    second = (await world.run()).run_id
    for _ in range(2):
        await relay_of(world, wall).round()
    assert [(ref, said.title) for ref, said in wall.told] == [("", f"{second}: succeeded")]


async def test_money_in_doubt_is_told_after_its_settle_window(world: World) -> None:
    """Not before: most of it settles by itself."""
    wall = Wall()
    relaying = relay_of(world, wall)
    world.market.fail("rent_with_credits", RequestLost())
    run_id = world.submit()
    await world.driver().leg(run_id, None)
    await relaying.round()
    assert [charge.state for charge in world.log.charges(run_id)] == [ChargeState.IN_DOUBT]
    assert wall.told == []
    world.clock.advance(world.parts.policy.reconcile.settle_seconds + 60)
    for _ in range(2):
        await relaying.round()
    titles = [said.title for _, said in wall.told if "in doubt" in said.title]
    assert titles == [f"$0.98 of {run_id} is in doubt"]


async def test_nothing_is_compared_while_nothing_changes(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand runs that wait are not read through every second."""
    world, wall = make_world(ASK), Wall()
    await world.drive(world.submit(), wait=False)
    relaying, compared = relay_of(world, wall), 0
    standing = news.standing

    def counted(*arguments: object) -> object:
        nonlocal compared
        compared += 1
        return standing(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(news, "standing", counted)
    for _ in range(5):
        await relaying.round()
    world.clock.advance(61)
    await relaying.round()
    assert compared == 2


async def test_a_defect_ends_no_relay(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged, and tried again later."""
    world, wall = make_world(ASK), Wall()
    await world.drive(world.submit(), wait=False)
    relaying = relay_of(world, wall)

    def broken(*_: object) -> object:
        raise KeyError("ours")

    monkeypatch.setattr(news, "asking", broken)
    assert await relaying._seconds_until_next() == relay.LONGEST_BACK_OFF
    monkeypatch.undo()
    assert await relaying._seconds_until_next() == relay.ROUND_SECONDS
    assert len(wall.asked) == 1


async def test_one_process_relays_and_another_takes_over(make_world: MakeWorld) -> None:
    """The second waits as long as the first lives."""
    world = make_world(ASK)
    await world.drive(world.submit(), wait=False)
    walls = [Wall(), Wall()]
    own_time: list[Parts] = [replace(world.parts, clock=FakeClock(world.clock.now())) for _ in walls]
    world.home.chat.mkdir()
    async with alone(world.home.chat / "wall.lock", own_time[0].clock):
        second = asyncio.create_task(relay.relayed(own_time[1], walls[1]))
        for _ in range(200):
            await asyncio.sleep(0)
        assert walls[1].asked == []
    while not walls[1].asked:  # noqa: ASYNC110 - of a relay that knows nothing of the test
        await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
