"""A worker sees to schedules, in virtual time: nights that are rung for, nights that nobody rang for, and turns."""

import asyncio
import shutil
import threading

import pytest
from structlog.typing import EventDict

from agent.schedule.night import Nights
from tests.agent.conftest import MakeWorld
from tests.agent.engine.crews import until, working
from tests.agent.engine.plain_queue import PlainQueue
from tests.agent.schedule.scheduled import BERLIN, TWO, came, move_to, runs_of, scheduled
from tests.agent.world import ASK, World
from tools.spend_log.rows import ENDED, RunStatus
from tools.spend_log.schedule_rows import CatchUp, Schedule


def ended(world: World, schedule: Schedule) -> bool:
    """Whether its last night began, and all of it has come to an end."""
    night = world.log.nights(schedule.schedule_id)
    return bool(night) and all(world.parts.run(run_id).status in ENDED for run_id in runs_of(world, night[0]))


async def ring(world: World, queue: PlainQueue, schedule: Schedule, local: str) -> None:
    """It is that time, and DBOS says so."""
    await until(world, lambda: queue.ring, seconds=1)
    due = move_to(world, local, seconds=2)
    assert queue.ring is not None
    await queue.ring(schedule.schedule_id, due)


async def test_what_is_to_ring_is_kept_up_to_date(world: World) -> None:
    """Added, paused and removed while the worker runs."""
    first = scheduled(world)
    async with working(world) as worker:
        await until(world, lambda: worker.queue.kept, seconds=1)
        (timed,) = worker.queue.kept
        assert (timed.schedule_id, timed.cron, timed.timezone) == (first.schedule_id, TWO, BERLIN)
        second = scheduled(world)
        world.log.pause_schedule(first.schedule_id, world.clock.now())
        await until(world, lambda: {one.schedule_id for one in worker.queue.kept} == {second.schedule_id}, seconds=6)
        world.log.remove_schedule(second.schedule_id, world.clock.now())
        world.log.go_on_with_schedule(first.schedule_id, world.clock.now())
        await until(world, lambda: {one.schedule_id for one in worker.queue.kept} == {first.schedule_id}, seconds=6)


async def test_a_night_is_driven_to_its_end(world: World, said: list[EventDict]) -> None:
    """So many at once as it says; each is paid once."""
    move_to(world, "2026-07-01T12:00+02:00")
    schedule = scheduled(world, 5, max_parallel=2)
    most = 0
    async with working(world) as worker:
        await ring(world, worker.queue, schedule, "2026-07-02T02:00+02:00")

        def all_home() -> bool:
            nonlocal most
            going = [run for run in world.log.runs(unfinished=True) if run.started_at is not None]
            most = max(most, len(going))
            return ended(world, schedule)

        await until(world, all_home)
    assert most == 2
    assert world.purchases == ["rent_with_credits"] * 5
    world.check()
    (told,) = [line for line in said if line["event"] == "night"]
    assert (told["came"], told["night"]) == ("begun", "2026-07-02T02:00")


async def test_a_worker_that_ends_in_the_night_leaves_it_to_the_next(world: World) -> None:
    """What had begun goes on where it was, what waits for its turn gets it, and nothing is bought twice."""
    schedule = scheduled(world, 4, max_parallel=2)

    async with working(world) as worker:
        await ring(world, worker.queue, schedule, "2026-07-02T02:00+02:00")
        await until(world, lambda: world.purchases)
    assert not ended(world, schedule)
    world.restart()
    async with working(world):
        await until(world, lambda: ended(world, schedule))
    assert world.purchases == ["rent_with_credits"] * 4
    world.check()


@pytest.mark.parametrize(("catch_up", "nights"), [(CatchUp.LAST, "begun"), (CatchUp.NONE, "missed")])
async def test_nights_without_a_worker(world: World, catch_up: CatchUp, nights: str) -> None:
    """The next worker sees to the last of them, or to none; the night that follows comes as ever."""
    move_to(world, "2026-07-01T12:00+02:00")
    schedule = scheduled(world, 1, catch_up=catch_up)
    async with working(world):
        pass
    move_to(world, "2026-07-03T09:00+02:00")
    world.restart()
    async with working(world) as worker:
        await until(world, lambda: came(world, schedule)[1:] == [("2026-07-03T02:00", nights)])
        if catch_up is CatchUp.LAST:
            await until(world, lambda: ended(world, schedule))
        await ring(world, worker.queue, schedule, "2026-07-04T02:00+02:00")
        await until(world, lambda: ended(world, schedule))
    assert came(world, schedule)[-1] == ("2026-07-04T02:00", "begun")
    world.check()


async def test_what_nobody_answered_is_cancelled_by_the_next_night(make_world: MakeWorld) -> None:
    """And the next night comes; nothing was bought by either."""
    world = make_world(ASK)
    schedule = scheduled(world, 1)
    async with working(world) as worker:
        await ring(world, worker.queue, schedule, "2026-07-02T02:00+02:00")
        (first,) = runs_of(world, world.log.nights(schedule.schedule_id)[0])
        await until(world, lambda: world.log.parked(first))
        await ring(world, worker.queue, schedule, "2026-07-03T02:00+02:00")
        await until(world, lambda: world.parts.run(first).status is RunStatus.CANCELLED)
        (second,) = runs_of(world, world.log.nights(schedule.schedule_id)[0])
        await until(world, lambda: world.log.parked(second))
    assert second != first
    assert world.purchases == []


async def test_a_folder_that_hangs_stops_no_other_schedule(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor the runs, nor the end of the worker."""
    move_to(world, "2026-07-01T12:00+02:00")
    hangs, fine = scheduled(world, 1), scheduled(world, 1)
    let_go, prepared = threading.Event(), Nights._prepared

    def slow(nights: Nights, schedule: Schedule, night: str) -> object:
        if schedule == hangs:
            let_go.wait(60)
        return prepared(nights, schedule, night)

    monkeypatch.setattr(Nights, "_prepared", slow)
    try:
        async with working(world) as worker:
            await ring_both(world, worker.queue, hangs, fine)
            await until(world, lambda: ended(world, fine))
            world.clock.advance(120)
            await world.clock.sleep(20)
            assert came(world, hangs) == []
    finally:
        let_go.set()
    assert came(world, hangs) == []


async def ring_both(world: World, queue: PlainQueue, *schedules: Schedule) -> None:
    """Both are due at two; nobody waits for what comes of the first."""
    await until(world, lambda: queue.ring, seconds=1)
    due = move_to(world, "2026-07-02T02:00+02:00", seconds=2)
    assert queue.ring is not None
    rung = [asyncio.ensure_future(queue.ring(schedule.schedule_id, due)) for schedule in schedules]
    await rung[-1]


async def test_a_schedule_that_can_not_be_seen_to_is_told_and_the_worker_works(
    world: World, monkeypatch: pytest.MonkeyPatch, said: list[EventDict]
) -> None:
    """A defect of ours, or a time zone that is gone."""
    move_to(world, "2026-07-01T12:00+02:00")
    broken, fine = scheduled(world, 1), scheduled(world, 1, catch_up=CatchUp.LAST)
    catch_up = Nights.catch_up

    async def failing(nights: Nights, schedule: Schedule) -> object:
        if schedule == broken:
            raise RuntimeError("a defect")
        return await catch_up(nights, schedule)

    monkeypatch.setattr(Nights, "catch_up", failing)
    move_to(world, "2026-07-02T09:00+02:00")
    async with working(world):
        await until(world, lambda: ended(world, fine))
    assert {line["schedule"] for line in said if line["event"] == "a defect of ours"} == {broken.schedule_id}


async def test_a_run_that_can_not_be_begun_keeps_no_night_for_ever(world: World) -> None:
    """Its folder is gone, say: it is tried behind the others, a few times, and then it has failed."""
    move_to(world, "2026-07-01T12:00+02:00")
    schedule = scheduled(world, 3, max_parallel=1)
    async with working(world) as worker:
        worker.queue.busy = True
        await ring(world, worker.queue, schedule, "2026-07-02T02:00+02:00")
        lost, *others = runs_of(world, world.log.nights(schedule.schedule_id)[0])
        shutil.rmtree(world.home.run(lost).path)
        worker.queue.busy = False
        await until(world, lambda: ended(world, schedule))
    run = world.parts.run(lost)
    assert (run.status, run.started_at) == (RunStatus.FAILED, None)
    assert "could not be begun" in run.reason
    assert [world.parts.run(run_id).status for run_id in others] == [RunStatus.SUCCEEDED] * 2
    world.check()
