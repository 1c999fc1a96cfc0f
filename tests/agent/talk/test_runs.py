"""The runs that a conversation drives: one driver each, and what a human is told of them."""

import asyncio
from collections.abc import Callable

import pytest

from agent.cli.talk_runs import Herding
from agent.herd import Herd
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, AUTO, JOB, World
from tools.errors import StoreUnusable
from tools.spend_log.rows import Holder
from tools.ssh.snapshot import pack

Herded = Callable[[World], Herding]


@pytest.fixture
def said() -> list[str]:
    """All that is told."""
    return []


@pytest.fixture
def herded(said: list[str]) -> Herded:
    """On a world."""
    return lambda world: Herding(Herd(world.parts, world.driver(), pack), said.append, at_terminal=True)


async def test_a_run_is_driven_to_its_end(make_world: MakeWorld, herded: Herded, said: list[str]) -> None:
    """And its end is told."""
    world = make_world(AUTO)
    herding, run_id = herded(world), world.submit()
    herding.drive(run_id)
    herding.drive(run_id)
    assert herding.busy == [run_id]
    await herding.idle()
    assert (herding.busy, herding.code) == ([], 0)
    assert f"{run_id}: succeeded: spent $0.98" in said[-1]
    assert world.purchases == ["rent_with_credits"]


async def test_a_run_that_another_process_drives_is_left_to_it(
    make_world: MakeWorld, herded: Herded, said: list[str]
) -> None:
    """Whoever holds its lease."""
    world = make_world(AUTO)
    run_id, other = world.submit(), Holder("boot", 7, "7", "there")
    world.log.take_lease(run_id, other, world.clock.now(), 60, lambda _: True)
    world.change(alive=lambda _: True)
    herding = herded(world)
    herding.drive(run_id)
    assert herding.busy == []
    assert said == [f"{run_id} is driven by another process"]


async def test_what_it_asks_is_shown_once_with_its_code(make_world: MakeWorld, herded: Herded, said: list[str]) -> None:
    """And the end of the input waits no longer than for that; left, it is for a later resume, exit code 4."""
    world = make_world(ASK)
    herding, run_id = herded(world), world.submit()
    herding.drive(run_id)
    await herding.until_asked()
    herding._look()
    herding._look()
    asked = world.log.approval(run_id)
    assert asked is not None
    assert len([line for line in said if asked.code in line]) == 1
    await herding.leave()
    assert f"swineherd resume {run_id}" in said[-1]
    assert herding.code == 4


async def test_what_goes_wrong_ends_no_conversation(
    make_world: MakeWorld, herded: Herded, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error on purpose, and one of ours."""
    world = make_world(AUTO)
    for error, words in ((StoreUnusable("the disk is full"), "the disk is full"), (KeyError("x"), "a defect of ours")):
        herding, run_id = herded(world), world.submit(JOB.replace("hours: 2", f"hours: {len(said) + 1}"))

        async def fails(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr(Herd, "drive", fails)
        herding.drive(run_id)
        await asyncio.sleep(0)
        await herding.idle()
        assert words in said[-1]
        assert herding.code == 4


async def test_all_are_cancelled(make_world: MakeWorld, herded: Herded) -> None:
    """The wish is written down for each."""
    world = make_world(ASK)
    herding, run_id = herded(world), world.submit()
    herding.drive(run_id)
    herding.cancel("SIGTERM")
    await herding.idle()
    assert world.parts.run(run_id).status.value == "cancelled"
    assert world.purchases == []


async def test_what_nobody_drives_is_named(make_world: MakeWorld, herded: Herded) -> None:
    """Until somebody takes it up."""
    world = make_world(ASK)
    herding = herded(world)
    run = await world.run(JOB, wait=False)
    world.submit(JOB.replace("hours: 2", "hours: 1"))
    assert herding.undriven() == [run.run_id]
    herding.drive(run.run_id)
    await asyncio.sleep(0)
    assert herding.undriven() == []
    await herding.leave()
