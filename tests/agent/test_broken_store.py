"""Cleaning up where the spend log is broken: by `orders.jsonl` and what the provider says, deleting nothing."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.broken_store import Wreck, clean_up
from agent.sweep import Swept
from policies.order import short_id
from tests.agent.conftest import MakeWorld
from tests.agent.test_sweep import killed
from tests.agent.world import CHECKOUT, World
from tests.fakes.faults import Refuse
from tests.fakes.pods import Script
from tools.errors import StoreBusy, StoreUnusable
from tools.spend_log.journal import Journal, Line
from tools.spend_log.port import SpendLog

pytestmark = pytest.mark.timeout(60)


def wreck(world: World, log: SpendLog | None = None) -> Wreck:
    """What is left of a world; without a log nothing of it can be read."""
    journal = Journal(world.home.spend_log.with_name("orders.jsonl"))
    return Wreck(
        clock=world.clock,
        market=world.market,
        journal=journal.path,
        named=[line for _, line in journal.lines()],
        log=log,
        base_url=world.parts.base_url,
        holder=world.holder,
        alive=world.parts.alive,
    )


async def cleaned(world: World, log: SpendLog | None = None) -> Swept:
    left = wreck(world, log)
    return await clean_up(left, left.orders())


async def test_a_running_pod_is_stopped_not_terminated(world: World) -> None:
    """Its results are not known to be here; it is named in short form, with what to do."""
    world.pods.script = Script(seconds=5000)
    run_id = await killed(world, 90)
    swept = await cleaned(world)
    (item,) = swept.swept
    (order,) = world.market.orders.values()
    assert (item.run_id, item.order_id, item.action, item.alarming) == (
        run_id,
        short_id(order.order_id),
        "stopped",
        True,
    )
    assert "orders.jsonl" in item.reason
    assert f"swineherd resume {run_id}" in item.reason
    assert order.order_id not in item.reason
    assert (order.status, swept.code) == ("stopped", 5)
    assert "terminate" not in world.calls
    assert world.purchases == ["rent_with_credits"]


async def test_a_stopped_pod_is_left_and_named(world: World) -> None:
    """Nothing more is asked of the provider."""
    await killed(world, 90)
    await cleaned(world)
    stops = world.calls.count("stop")
    swept = await cleaned(world)
    assert [item.action for item in (*swept.swept, *swept.left)] == [""]
    assert "stopped" in swept.left[0].reason
    assert world.calls.count("stop") == stops


async def test_what_is_gone_is_not_mentioned(world: World) -> None:
    """Ended, or not known to the provider any more."""
    await world.run()
    await world.run()
    world.market.orders.popitem()
    swept = await cleaned(world)
    assert (swept.swept, swept.left) == ((), ())


async def test_a_link_is_left(make_world: MakeWorld) -> None:
    """An order that nobody paid is no pod."""
    world = make_world(CHECKOUT)
    await world.run(wait=False)
    swept = await cleaned(world)
    assert [item.action for item in swept.left] == [""]
    assert "reserved" in swept.left[0].reason
    assert not {"stop", "terminate"} & set(world.calls)


async def test_a_stop_that_fails_is_tried_again_and_told(world: World) -> None:
    """With back-off; an order that does not stop may go on billing."""
    await killed(world, 90)
    world.market.fail("stop", Refuse(500), Refuse(500))
    assert [item.action for item in (await cleaned(world)).swept] == ["stopped"]
    (order,) = world.market.orders.values()
    order.status = "running"
    world.market.fail("stop", *[Refuse(500)] * 100)
    swept = await cleaned(world)
    assert (swept.swept, swept.code) == ((), 5)
    assert "may go on billing" in swept.left[0].reason


async def test_a_provider_that_does_not_answer_is_told(world: World) -> None:
    """Nothing is believed of what could not be looked at."""
    await killed(world, 90)
    world.market.fail("order", *[Refuse(500)] * 100)
    swept = await cleaned(world)
    assert "can't be looked at" in swept.left[0].reason
    assert "stop" not in world.calls


async def test_a_log_that_can_still_be_read_spares_what_may_go_on(world: World) -> None:
    """A full disk is no reason to stop a job with paid hours left; near their end it is stopped."""
    world.pods.script = Script(seconds=100_000)
    await killed(world, 90)
    swept = await cleaned(world, world.log)
    assert "runs its job" in swept.left[0].reason
    world.clock.advance(2 * 3600 - 11 * 60)
    assert [item.action for item in (await cleaned(world, world.log)).swept] == ["stopped"]


async def test_a_log_that_can_still_be_read_spares_what_is_driven(world: World) -> None:
    """A process that lives sees to its own pods."""
    world.pods.script = Script(seconds=100_000)
    run_id = await killed(world, 90, lease_is_left=False)
    world.change(alive=lambda _holder: True)
    other = replace(world.holder, pid=77)
    world.log.take_lease(run_id, other, world.clock.now(), 60, world.parts.alive)
    world.clock.advance(2 * 3600 - 11 * 60)
    swept = await cleaned(world, world.log)
    assert "driven by process 77" in swept.left[0].reason


async def test_an_order_of_another_provider_is_not_asked_for(world: World) -> None:
    """Whoever knows its id can end its pod."""
    await killed(world, 90)
    asked = world.calls.count("order")
    world.change(base_url="https://elsewhere.test/api")
    swept = await cleaned(world, world.log)
    assert "https://gpuhog.test/api" in swept.left[0].reason
    assert world.calls.count("order") == asked


async def test_an_order_that_the_log_does_not_know_is_nobodys(world: World) -> None:
    """An older copy of the log was put back, say; one named a moment ago may be on its way into it."""
    await world.run()
    journal = Journal(world.home.spend_log.with_name("orders.jsonl"))
    order_id = "HOG-0123456789ab"
    journal.append(Line(order_id, "run-x", "chg-x", world.clock.now().isoformat(), "head"))
    assert wreck(world, world.log).strays() == []
    world.clock.advance(timedelta(minutes=10).total_seconds())
    assert [line.order_id for line in wreck(world, world.log).strays()] == [order_id]


async def test_a_store_that_fails_keeps_no_pod_from_being_ended(world: World) -> None:
    """What can't be written down is told once, and the pod is asked to end, and looked at, all the same."""

    def broken(*_: object) -> None:
        raise StoreUnusable("the disk is full")

    run_id = world.submit()
    world.log.entering = lambda step: setattr(world.log, "before_write", broken) if step == "terminate" else None
    with pytest.raises(StoreUnusable):
        await world.drive(run_id)
    assert world.pods_left == []
    assert sum("the disk is full" in line for line in world.face.lines) == 1
    assert any("is gone" in line for line in world.face.lines)


async def test_a_store_that_fails_keeps_no_pod_from_being_stopped(world: World) -> None:
    """Results that could not be fetched are kept even where their storage can't be booked."""

    def broken(*_: object) -> None:
        raise StoreUnusable("the disk is full")

    world.pods.on_volume = True
    world.pods.no_timer = "no curl"
    world.pods.failing["fetch"] = 1_000_000
    run_id = world.submit()
    world.log.entering = lambda step: setattr(world.log, "before_write", broken) if step == "terminate" else None
    with pytest.raises(StoreUnusable):
        await world.drive(run_id)
    assert [order.status for order in world.market.orders.values()] == ["stopped"]
    assert "terminate" not in world.calls


def test_a_store_that_is_only_busy_is_not_broken(world: World) -> None:
    """Another process holds it: cleaning up by `orders.jsonl` could stop the very pod that one drives."""
    holding = sqlite3.connect(world.home.spend_log, isolation_level=None)
    world.log._db.execute("PRAGMA busy_timeout = 50")
    holding.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreBusy):
            world.log.freeze("by hand", world.clock.now())
    finally:
        holding.close()
