"""So many runs of a night at once as its schedule says, and as pods may be open."""

from collections.abc import Mapping
from dataclasses import replace

from agent.schedule.turns import LONGEST_WAIT, next_in_turn
from tests.agent.conftest import MakeWorld
from tests.agent.schedule.scheduled import rung, runs_of, scheduled
from tests.agent.world import ASK, AUTO, World
from tests.tools.spend_log.things import an_offer, held
from tools.spend_log.batch_rows import Batch
from tools.spend_log.rows import RunStatus


async def begun(world: World, count: int, max_parallel: int, day: int = 2) -> tuple[Batch, list[str]]:
    night = await rung(world, scheduled(world, count, max_parallel=max_parallel), f"2026-07-0{day}T02:00+02:00")
    batch = world.log.batch(night.batch_id)
    assert batch is not None
    return batch, runs_of(world, night)


def turn(world: World, batch: Batch, *asked: str, tries: Mapping[str, int] | None = None) -> list[str]:
    known = tries or {}
    return next_in_turn(world.parts, [batch], asked.__contains__, lambda run_id: known.get(run_id, 0))


def start(world: World, run_id: str) -> None:
    world.log.enter_step(run_id, "discover", world.clock.now())


def end(world: World, run_id: str) -> None:
    world.log.set_status(run_id, RunStatus.FAILED, world.clock.now(), reason="", code=1)


async def test_so_many_at_once_in_the_order_of_the_jobs(world: World) -> None:
    """Those that were asked for count as those that run; whoever ends makes room."""
    batch, runs = await begun(world, 4, 2)
    assert turn(world, batch) == runs[:2]
    assert turn(world, batch, *runs[:2]) == []
    start(world, runs[0])
    assert turn(world, batch, runs[1]) == []
    end(world, runs[0])
    assert turn(world, batch, runs[1]) == [runs[2]]


async def test_one_that_is_to_be_cancelled_gets_no_turn(world: World) -> None:
    """The lookout brings it to its end."""
    batch, runs = await begun(world, 2, 1)
    world.log.request_cancel(runs[0], world.clock.now(), "me")
    assert turn(world, batch) == [runs[1]]


async def test_pods_of_others_make_a_night_wait(make_world: MakeWorld) -> None:
    """Those that are about to be opened count; after hours it is tried all the same, and the cap says why."""
    world = make_world(replace(AUTO, budget=replace(AUTO.budget, max_open_pods=2)))
    batch, runs = await begun(world, 4, 4)
    assert turn(world, batch) == runs[:2]
    assert turn(world, batch, runs[0]) == [runs[1]]
    held(world.log, an_offer("other"), world.clock.now())
    assert turn(world, batch) == [runs[0]]
    held(world.log, an_offer("another", account="key-2"), world.clock.now())
    assert turn(world, batch) == []
    world.clock.advance(LONGEST_WAIT.total_seconds())
    assert turn(world, batch) == [runs[0]]


async def test_a_question_holds_its_place_until_its_time_is_over(make_world: MakeWorld) -> None:
    """Or fifty jobs would ask at once; and one that nobody answers would keep the others for ever."""
    world = make_world(ASK)
    batch, runs = await begun(world, 2, 1)
    await world.drive(runs[0], wait=False)
    assert turn(world, batch) == []
    world.clock.advance(ASK.payment.approval_minutes * 60)
    assert turn(world, batch) == [runs[1]]


async def test_two_nights_share_the_pods(make_world: MakeWorld) -> None:
    """The older one first; what the cap would refuse waits."""
    world = make_world(replace(AUTO, budget=replace(AUTO.budget, max_open_pods=3)))
    first, of_first = await begun(world, 2, 4)
    second, of_second = await begun(world, 2, 4, day=3)
    both = [first, second]

    def turns(*asked: str) -> list[str]:
        return next_in_turn(world.parts, both, asked.__contains__, lambda _: 0)

    assert turns() == [*of_first, of_second[0]]
    assert turns(of_second[0]) == of_first
    assert turns(*of_first, of_second[0]) == []


async def test_one_that_was_tried_in_vain_waits_behind_the_others(world: World) -> None:
    """Or two that can't begin would keep the places of all."""
    batch, runs = await begun(world, 4, 2)
    assert turn(world, batch, tries={runs[0]: 1, runs[1]: 1}) == runs[2:]


async def test_one_that_lacks_a_variable_holds_no_place(make_world: MakeWorld) -> None:
    """It waits for its human, and has not begun."""
    world = make_world(AUTO)
    batch, runs = await begun(world, 2, 1)
    world.log.set_status(runs[0], RunStatus.WAITING_FOR_HUMAN, world.clock.now(), reason="not set: X", code=4)
    assert turn(world, batch) == [runs[1]]
