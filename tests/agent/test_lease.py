"""One process drives a run; the others are told who, and one that lost its lease stops."""

import asyncio
from dataclasses import replace

import pytest

from agent.drive import Driver
from agent.errors import LeaseHeld
from agent.parts import LEASE_SECONDS
from tests.agent.world import World
from tools.spend_log.rows import Holder

OTHER = Holder(boot_id="boot", pid=4711, started="9", host="there")


def other(world: World, *, alive: bool = True) -> Driver:
    """A driver in another process."""
    return replace(world.driver(), parts=replace(world.parts, holder=OTHER, alive=lambda _holder: alive))


async def test_a_second_process_is_told_who_drives(world: World) -> None:
    """It changes nothing and names the first one's pid and host."""
    run_id = world.submit()
    async with world.driver().lease(run_id):
        with pytest.raises(LeaseHeld, match=f"process {world.holder.pid} on here"):
            await other(world).drive(run_id, wait=True)
    assert world.calls == []


async def test_the_lease_is_given_back(world: World) -> None:
    """After a drive nobody has it, whether the run ended or waits."""
    run = await world.run()
    assert world.log.lease(run.run_id) is None


async def test_the_lease_of_a_dead_process_is_taken_over(world: World) -> None:
    """At once where it is proven dead."""
    run_id = world.submit()
    world.log.take_lease(run_id, OTHER, world.clock.now(), LEASE_SECONDS, lambda _holder: True)
    assert (await world.drive(run_id)).code == 0


async def test_the_lease_of_a_silent_process_is_taken_over_when_it_expires(world: World) -> None:
    """One on another host can't be proven dead."""
    run_id = world.submit()
    world.log.take_lease(run_id, OTHER, world.clock.now(), LEASE_SECONDS, lambda _holder: True)
    driver = replace(world.driver(), parts=replace(world.parts, alive=lambda _holder: True))
    with pytest.raises(LeaseHeld, match="4711 on there"):
        await driver.drive(run_id, wait=True)
    world.clock.advance(LEASE_SECONDS)
    assert (await driver.drive(run_id, wait=True)).code == 0


async def test_a_process_that_lost_its_lease_stops(world: World) -> None:
    """It learns so at its next heartbeat and leaves the run to whoever has it now."""
    run_id = world.submit()
    world.market.deploy_seconds = 10_000_000
    world.change(policy=replace(world.parts.policy, time=replace(world.parts.policy.time, deploy_minutes=1440)))
    driver = replace(world.driver(), heartbeat_seconds=0.01)

    def take_over() -> None:
        world.clock.advance(LEASE_SECONDS)
        world.log.release_lease(run_id, world.holder)
        world.log.take_lease(run_id, OTHER, world.clock.now(), LEASE_SECONDS, lambda _holder: True)

    world.clock.at(10, take_over)
    with pytest.raises(LeaseHeld, match="lost"):
        await driver.drive(run_id, wait=True)
    held = world.log.lease(run_id)
    assert held is not None
    assert held.holder == OTHER
    assert world.pods_left != []
    assert world.calls.count("terminate") == 0


async def test_a_cancelled_task_is_not_taken_for_a_lost_lease(world: World) -> None:
    """Whoever cancels the driving task gets the cancellation back."""
    run_id = world.submit()
    driving = asyncio.create_task(world.drive(run_id))
    world.clock.at(10, driving.cancel)
    with pytest.raises(asyncio.CancelledError):
        await driving
    assert world.log.lease(run_id) is None


async def test_the_heartbeat_keeps_the_lease(world: World) -> None:
    """As long as the process drives, its lease is ahead of the clock."""
    run_id = world.submit()
    driver = replace(world.driver(), heartbeat_seconds=0.001)
    async with driver.lease(run_id):
        world.clock.advance(LEASE_SECONDS - 1)
        await asyncio.sleep(0.05)
        world.clock.advance(LEASE_SECONDS - 1)
        with pytest.raises(LeaseHeld):
            await other(world).drive(run_id, wait=True)
