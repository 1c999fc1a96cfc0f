"""What a worker's watch over schedules keeps apart: looks at one of them, homes, workers, runs that are held."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from agent.engine.asked import FIRST_WAIT
from agent.engine.crew import Crew
from agent.engine.nights import MOST_TRIES, NightWatch
from agent.engine.timed import Timed
from agent.schedule.night import Nights
from tests.agent.engine.plain_queue import PlainQueue
from tests.agent.schedule.scheduled import came, move_to, nights, rung, runs_of, scheduled
from tests.agent.world import World
from tools.spend_log.rows import RunStatus
from tools.spend_log.schedule_rows import CatchUp, Schedule
from tools.ssh.snapshot import pack


class Clock:
    """What rings, as far as it was told; or it does not listen."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.kept: frozenset[Timed] = frozenset()
        self._trouble = trouble

    async def __call__(self, wanted: frozenset[Timed]) -> None:
        if self._trouble is not None:
            raise self._trouble
        self.kept = wanted


def watch(world: World) -> NightWatch:
    """Of a worker that is alone."""
    return NightWatch(world.parts, pack, Crew(world.parts))


async def seen_to(watching: NightWatch) -> None:
    """Wait for what is under way."""
    await asyncio.gather(*watching._under_way.values())


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Packing takes until the test lets it; the nights that were begun to be packed."""
    let_go, packed, prepared = threading.Event(), list[str](), Nights._prepared

    def slowly(self: Nights, schedule: Schedule, night: str) -> object:
        packed.append(night)
        let_go.wait(0.5)
        return prepared(self, schedule, night)

    monkeypatch.setattr(Nights, "_prepared", slowly)
    yield packed
    let_go.set()


async def test_a_night_that_takes_long_to_pack_is_packed_once(world: World, slow: list[str]) -> None:
    """Rung for, looked for and rung for again meanwhile."""
    move_to(world, "2026-07-01T12:00+02:00")
    schedule, watching = scheduled(world, 1, catch_up=CatchUp.LAST), watch(world)
    due = move_to(world, "2026-07-02T02:00+02:00", seconds=60)
    first = asyncio.create_task(watching.ring(schedule.schedule_id, due))
    await asyncio.sleep(0.05)
    await watching.round(Clock())
    await watching.round(Clock())
    assert await watching.ring(schedule.schedule_id, due) == ""
    assert await first == "begun"
    await seen_to(watching)
    assert slow == ["2026-07-02T02:00"]
    assert came(world, schedule) == [("2026-07-02T02:00", "begun")]


async def test_a_queue_that_can_not_ring_ends_no_worker(world: World) -> None:
    """Nights are seen to all the same, and it is asked again."""
    move_to(world, "2026-07-01T12:00+02:00")
    schedule, watching = scheduled(world, 1), watch(world)
    move_to(world, "2026-07-02T02:00+02:00", seconds=60)
    await watching.round(Clock(RuntimeError("database is locked")))
    await seen_to(watching)
    assert came(world, schedule) == [("2026-07-02T02:00", "begun")]
    clock = Clock()
    await watching.round(clock)
    assert [one.schedule_id for one in clock.kept] == [schedule.schedule_id]


async def test_schedules_of_another_home_are_left_to_it(world: World) -> None:
    """Their files are there: nothing rings for them here, and a ring that came is none."""
    move_to(world, "2026-07-01T12:00+02:00")
    world.change(home_id="home-a")
    schedule = scheduled(world, 1, catch_up=CatchUp.LAST)
    world.change(home_id="home-b")
    watching, clock = watch(world), Clock()
    due = move_to(world, "2026-07-02T02:00+02:00", seconds=60)
    await watching.round(clock)
    await seen_to(watching)
    assert clock.kept == frozenset()
    assert await nights(world).ring(schedule.schedule_id, due) is None
    assert came(world, schedule) == []


async def test_one_worker_of_several_gives_the_turns(world: World) -> None:
    """Another would not know whom the first has asked."""
    schedule = scheduled(world, 4, max_parallel=2)
    night = await rung(world, schedule, "2026-07-02T02:00+02:00")
    crews = [Crew(world.parts), Crew(world.parts)]
    asked = []
    for place, crew in enumerate(crews):
        crew._at_home, crew._place = 2, place
        queue = PlainQueue()
        await NightWatch(world.parts, pack, crew).turns(queue)
        asked.append([leg.run_id for leg in queue.asked])
    assert sorted(asked) == [[], runs_of(world, night)[:2]]


@pytest.mark.parametrize("holds", ["this process", "another", "nobody"])
async def test_nobody_gives_up_what_somebody_holds(world: World, holds: str) -> None:
    """A leg of this very process may be about to begin it."""
    night = await rung(world, scheduled(world, 1), "2026-07-02T02:00+02:00")
    (run_id,) = runs_of(world, night)
    holder = {"this process": world.holder, "another": replace(world.holder, pid=1)}.get(holds)
    world.change(alive=lambda _: True)
    if holder is not None:
        world.log.take_lease(run_id, holder, world.clock.now(), 86_400, lambda _: True)
    watching, queue = watch(world), PlainQueue()
    for number in range(MOST_TRIES + 1):
        await watching.turns(queue)
        world.clock.advance(FIRST_WAIT * 2**number + 1)
    status = world.parts.run(run_id).status
    assert status is (RunStatus.FAILED if holder is None else RunStatus.QUEUED)
    assert len(queue.asked) == MOST_TRIES
    lease = world.log.lease(run_id)
    assert (None if lease is None else lease.holder) == holder
