"""Each night of a schedule comes to something, once, whatever clocks, workers and earlier nights do."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.schedule.add import MOST_BYTES
from agent.schedule.night import CLOCKS_APART, LATE, MOST_MISSED, RINGS_WITHIN, Nights
from agent.variables import secret_literals
from policies.money import Cents
from tests.agent.conftest import MakeWorld
from tests.agent.schedule.scheduled import came, files_of, move_to, nights, rung, runs_of, scheduled
from tests.agent.world import ASK, JOB, World
from tools.errors import StoreBusy, StoreUnusable, TransferFailed
from tools.ports import Packed
from tools.spend_log.rows import RunStatus
from tools.spend_log.schedule_rows import Came, CatchUp, NewNight, Night

EVE = "2026-10-24T12:00+02:00"
"""The day before Berlin's clocks go back."""


def end(world: World, run_ids: Sequence[str], status: RunStatus = RunStatus.SUCCEEDED) -> None:
    for run_id in run_ids:
        world.log.set_status(run_id, status, world.clock.now(), reason="", code=0)


async def test_a_night_is_a_batch_of_the_jobs_as_they_are_then(world: World) -> None:
    """Under the schedule's budget; files are read anew, and snapshots taken that night."""
    schedule = scheduled(world, 1, budget=Cents(800), max_parallel=3, outputs=world.root / "out")
    script = files_of(world) / "train.py"
    script.write_text("print('of the night')\n", encoding="utf-8")
    job = files_of(world) / "job.yaml"
    job.write_text(f"{JOB}\nmatrix: {{SEED: [1, 2, 3]}}\n", encoding="utf-8")
    night = await rung(world, schedule, "2026-07-02T02:00+02:00")
    batch = world.log.batch(night.batch_id)
    assert batch is not None
    assert (batch.budget, batch.max_parallel, batch.name) == (Cents(800), 3, "job")
    run_ids = runs_of(world, night)
    assert len(run_ids) == 3
    folders = [Path(world.parts.run(run_id).outputs_dir) for run_id in run_ids]
    assert [folder.parent for folder in folders] == [world.root / "out" / "2026-07-02T0200"] * 3
    assert all(world.home.run(run_id).has_snapshots for run_id in run_ids)


async def test_the_doubled_hour_of_autumn_is_one_night(world: World) -> None:
    """DBOS rings at both two o'clocks."""
    schedule = scheduled(world)
    move_to(world, EVE)
    first = await rung(world, schedule, "2026-10-25T02:00+02:00")
    end(world, runs_of(world, first))
    again = move_to(world, "2026-10-25T02:00+01:00", seconds=2)
    assert await nights(world).ring(schedule.schedule_id, again) is None
    await rung(world, schedule, "2026-10-26T02:00+01:00")
    assert came(world, schedule) == [("2026-10-25T02:00", "begun"), ("2026-10-26T02:00", "begun")]


async def test_the_skipped_hour_of_spring_is_a_night(world: World) -> None:
    """At three, which is when it would have been two."""
    schedule = scheduled(world)
    night = await rung(world, schedule, "2027-03-28T03:00+02:00")
    end(world, runs_of(world, night))
    await rung(world, schedule, "2027-03-29T02:00+02:00")
    assert came(world, schedule) == [("2027-03-28T03:00", "begun"), ("2027-03-29T02:00", "begun")]


async def test_a_night_comes_once_however_often_it_is_rung_for(world: World) -> None:
    """By several workers at once, by one that began again, and by whoever looks for missed nights."""
    schedule = scheduled(world)
    due = move_to(world, "2026-07-02T02:00+02:00", seconds=2)
    both = await asyncio.gather(*(nights(world).ring(schedule.schedule_id, due) for _ in range(3)))
    assert len({night.batch_id for night in both if night is not None}) == 1
    assert len(world.log.batches()) == 1
    folders = list((world.home.path / "runs").iterdir())
    assert len(folders) == 2, "what was prepared in vain is gone"
    assert await nights(world).ring(schedule.schedule_id, due) == both[0]
    world.clock.advance(3600)
    assert await nights(world).catch_up(schedule) == []


@pytest.mark.parametrize("minutes", [-1, 1, 30])
async def test_a_time_that_is_none_of_its_own_is_no_night(world: World, minutes: int) -> None:
    """Whatever a queue says, of an older timetable say."""
    schedule = scheduled(world)
    due = move_to(world, "2026-07-02T02:00+02:00", seconds=3600)
    assert await nights(world).ring(schedule.schedule_id, due + timedelta(minutes=minutes)) is None
    assert await nights(world).ring("schedule-of-nobody", due) is None
    assert came(world, schedule) == []


async def test_two_nights_are_never_at_once(world: World) -> None:
    """The later one is skipped, and says which was under way."""
    schedule = scheduled(world)
    first = await rung(world, schedule, "2026-07-02T02:00+02:00")
    end(world, runs_of(world, first)[:1])
    second = await rung(world, schedule, "2026-07-03T02:00+02:00")
    assert (second.came, second.why) == (Came.SKIPPED, "the night of 2026-07-02T02:00 was still under way")
    end(world, runs_of(world, first)[1:])
    assert (await rung(world, schedule, "2026-07-04T02:00+02:00")).came is Came.BEGUN


async def test_a_night_that_begins_meanwhile_is_seen_in_the_transaction(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the beginning lies the packing of folders."""
    schedule = scheduled(world, cron="0 2,3 * * *")
    due = move_to(world, "2026-07-02T02:00+02:00")
    await nights(world).ring(schedule.schedule_id, due)
    monkeypatch.setattr(world.log, "night_under_way", lambda _schedule_id: "")
    later = await rung(world, schedule, "2026-07-02T03:00+02:00")
    assert later.came is Came.SKIPPED
    assert len(world.log.batches()) == 1
    assert len(list((world.home.path / "runs").iterdir())) == 2


async def test_what_nobody_answered_in_time_keeps_no_later_night_from_coming(make_world: MakeWorld) -> None:
    """It bought nothing; it is cancelled. While a human may still answer, the next night is skipped."""
    world = make_world(ASK)
    schedule = scheduled(world, 1, cron="*/10 2,3 * * *")
    first = await rung(world, schedule, "2026-07-02T02:00+02:00")
    (run_id,) = runs_of(world, first)
    await world.drive(run_id, wait=False)
    assert world.parts.run(run_id).status is RunStatus.WAITING_FOR_HUMAN
    second = await rung(world, schedule, "2026-07-02T02:10+02:00")
    assert second.came is Came.SKIPPED
    assert not world.parts.run(run_id).cancel_requested
    assert (await rung(world, schedule, "2026-07-02T02:20+02:00")).came is Came.SKIPPED
    assert ASK.payment.approval_minutes == 60
    later = await rung(world, schedule, "2026-07-02T03:10+02:00")
    assert later.came is Came.BEGUN
    assert world.parts.run(run_id).cancel_requested
    assert world.purchases == []


async def test_jobs_that_can_not_be_submitted_are_a_failed_night(world: World) -> None:
    """With the file and the field; the next night is tried again."""
    schedule = scheduled(world)
    (files_of(world) / "job.yaml").write_text("run: x\nhours: many\n", encoding="utf-8")
    night = await rung(world, schedule, "2026-07-02T02:00+02:00")
    assert night.came is Came.FAILED
    assert "job.yaml" in night.why
    assert "hours" in night.why
    (files_of(world) / "job.yaml").unlink()
    night = await rung(world, schedule, "2026-07-03T02:00+02:00")
    assert "no such file" in night.why
    (files_of(world) / "job.yaml").write_text(JOB, encoding="utf-8")
    assert (await rung(world, schedule, "2026-07-04T02:00+02:00")).came is Came.BEGUN


@pytest.mark.parametrize(("catch_up", "expected"), [(CatchUp.NONE, "missed"), (CatchUp.LAST, "begun")])
async def test_of_missed_nights_the_last_is_made_up_for_or_none(world: World, catch_up: CatchUp, expected: str) -> None:
    """No worker ran for three nights: each is written down, once."""
    move_to(world, "2026-07-01T12:00+02:00")
    schedule = scheduled(world, catch_up=catch_up)
    move_to(world, "2026-07-04T09:00+02:00")
    *earlier, last = await nights(world).catch_up(schedule)
    assert [night.why for night in earlier] == [f"no worker ran; that of 2026-07-04T02:00 was {expected}"] * 2
    assert came(world, schedule) == [
        ("2026-07-02T02:00", "missed"),
        ("2026-07-03T02:00", "missed"),
        ("2026-07-04T02:00", expected),
    ]
    assert await nights(world).catch_up(schedule) == []
    if catch_up is CatchUp.NONE:
        assert last.why == "no worker ran"
        assert world.log.batches() == []


async def test_very_many_missed_times_are_written_down_in_part(world: World) -> None:
    """The latest of them: a year of every minute is no history."""
    schedule = scheduled(world, cron="* * * * *")
    world.clock.advance(7 * 86_400)
    assert len(await nights(world).catch_up(schedule)) == MOST_MISSED + 1
    assert await nights(world).catch_up(schedule) == []


async def test_a_ring_from_long_ago_follows_the_same_rule(world: World) -> None:
    """A queue that held it over three nights must not begin three."""
    schedule = scheduled(world, catch_up=CatchUp.LAST)
    dues = [move_to(world, f"2026-07-0{day}T02:00+02:00") for day in (2, 3, 4)]
    world.clock.advance(7 * 3600)
    for due in dues:
        await nights(world).ring(schedule.schedule_id, due)
    assert came(world, schedule) == [
        ("2026-07-02T02:00", "missed"),
        ("2026-07-03T02:00", "missed"),
        ("2026-07-04T02:00", "begun"),
    ]


async def test_a_worker_that_restarts_at_two_misses_nothing(world: World) -> None:
    """A few minutes late is not missed; before that it is left to whoever rings."""
    move_to(world, "2026-07-01T12:00+02:00")
    schedule = scheduled(world)
    due = move_to(world, "2026-07-02T02:00+02:00", seconds=RINGS_WITHIN.total_seconds() - 1)
    assert await nights(world).catch_up(schedule) == []
    move_to(world, (due + LATE).isoformat())
    (night,) = await nights(world).catch_up(schedule)
    assert night.came is Came.BEGUN


async def test_nothing_before_it_was_added_or_during_a_pause_is_missed(world: World) -> None:
    """Only from then on it counts."""
    schedule = scheduled(world, catch_up=CatchUp.LAST)
    world.log.pause_schedule(schedule.schedule_id, world.clock.now())
    due = move_to(world, "2026-07-02T02:00+02:00", seconds=3600)
    paused = world.log.schedule(schedule.schedule_id)
    assert paused is not None
    assert await nights(world).catch_up(paused) == []
    assert await nights(world).ring(schedule.schedule_id, due) is None
    going = world.log.go_on_with_schedule(schedule.schedule_id, world.clock.now())
    assert await nights(world).catch_up(going) == []
    assert await nights(world).ring(schedule.schedule_id, due) is None
    assert (await rung(world, schedule, "2026-07-03T02:00+02:00")).came is Came.BEGUN


async def test_a_removed_schedule_has_no_more_nights(world: World) -> None:
    """Not even one that was being prepared as it was removed."""
    schedule = scheduled(world)
    world.log.remove_schedule(schedule.schedule_id, world.clock.now())
    due = move_to(world, "2026-07-02T02:00+02:00", seconds=2)
    assert await nights(world).ring(schedule.schedule_id, due) is None
    assert came(world, schedule) == []


async def test_a_store_that_fails_loses_no_night(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was prepared goes, and the night is seen to again."""
    move_to(world, "2026-07-01T12:00+02:00")
    schedule = scheduled(world)
    begin = world.log.begin_night

    def busy(new: NewNight, now: object) -> Night:
        raise StoreBusy("held by another")

    monkeypatch.setattr(world.log, "begin_night", busy)
    with pytest.raises(StoreBusy):
        await rung(world, schedule, "2026-07-02T02:00+02:00")
    assert list((world.home.path / "runs").iterdir()) == []
    monkeypatch.setattr(world.log, "begin_night", begin)
    world.clock.advance(60)
    (night,) = await nights(world).catch_up(schedule)
    assert night.came is Came.BEGUN


async def test_an_answer_of_the_store_that_is_lost_costs_no_night(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was begun after all: its runs keep their folders, and the next look finds it begun."""
    schedule = scheduled(world, 1)
    begin = world.log.begin_night

    def lost(new: NewNight, now: datetime) -> Night:
        begin(new, now)
        raise StoreUnusable("the answer was lost")

    monkeypatch.setattr(world.log, "begin_night", lost)
    with pytest.raises(StoreUnusable):
        await rung(world, schedule, "2026-07-02T02:00+02:00")
    (night,) = world.log.nights(schedule.schedule_id)
    (run_id,) = runs_of(world, night)
    assert (await world.drive(run_id)).status is RunStatus.SUCCEEDED


@pytest.mark.parametrize(
    "trouble", [OSError("no space left"), RuntimeError("no such user"), TransferFailed("it changes")]
)
async def test_whatever_its_folders_do_is_that_night_s_failure(world: World, trouble: Exception) -> None:
    """Written down with what was said, and no folder is left."""
    schedule = scheduled(world)

    def unreadable(*_: object, **__: object) -> Packed:
        raise trouble

    due = move_to(world, "2026-07-02T02:00+02:00", seconds=2)
    night = await Nights(world.parts, unreadable).ring(schedule.schedule_id, due)
    assert night is not None
    assert (night.came, night.why) == (Came.FAILED, str(trouble))
    assert list((world.home.path / "runs").iterdir()) == []


async def test_a_pipe_in_place_of_a_job_file_is_not_waited_for(world: World) -> None:
    """Nor is a path of no user, nor a file whose name is no text; the message can be kept."""
    schedule = scheduled(world, cron="*/30 2 * * *")
    job = files_of(world) / "job.yaml"
    job.unlink()
    os.mkfifo(job)
    assert secret_literals(str(job)) == {}
    night = await rung(world, schedule, "2026-07-02T02:00+02:00")
    assert (night.came, "neither a file nor a folder" in night.why) == (Came.FAILED, True)
    job.unlink()
    with job.open("wb") as huge:
        huge.truncate(MOST_BYTES + 1)
    night = await rung(world, schedule, "2026-07-02T02:30+02:00")
    assert (night.came, "that is no job file" in night.why) == (Came.FAILED, True)
    job.write_text(JOB.replace("workdir: .", "workdir: ~nosuchuser/x"), encoding="utf-8")
    night = await rung(world, schedule, "2026-07-03T02:00+02:00")
    assert (night.came, "workdir" in night.why) == (Came.FAILED, True)
    folder = scheduled(world, sources=(files_of(world),))
    job.rename(os.fsdecode(os.fsencode(files_of(world)) + b"/\xff.yaml"))
    night = await rung(world, folder, "2026-07-04T02:00+02:00")
    assert (night.came, "UTF-8" in night.why) == (Came.FAILED, True)


async def test_a_clock_that_was_ahead_keeps_no_later_night_from_coming(world: World) -> None:
    """What it has written down for next year counts for nothing today; a ring from far ahead is none."""
    move_to(world, "2026-07-01T12:00+02:00")
    schedule = scheduled(world, catch_up=CatchUp.LAST)
    ahead = datetime(2027, 7, 1, tzinfo=UTC)
    world.log.record_night(Night(schedule.schedule_id, "2027-07-01T02:00", ahead, ahead, Came.MISSED, "", ""))
    due = move_to(world, "2026-07-02T02:00+02:00")
    world.clock.advance(-CLOCKS_APART.total_seconds() - 1)
    assert await nights(world).ring(schedule.schedule_id, due) is None
    world.clock.advance(3600)
    (night,) = await nights(world).catch_up(schedule)
    assert (night.night, night.came) == ("2026-07-02T02:00", Came.BEGUN)


async def test_a_clock_that_was_ahead_as_it_went_on_keeps_no_night_from_coming(world: World) -> None:
    """Nor, a moment later, from being caught up with."""
    move_to(world, "2026-07-01T12:00+02:00")
    schedule = scheduled(world)
    world.log.pause_schedule(schedule.schedule_id, world.clock.now())
    going = world.log.go_on_with_schedule(schedule.schedule_id, datetime(2027, 7, 1, tzinfo=UTC))
    assert await nights(world).catch_up(going) == []
    due = move_to(world, "2026-07-02T02:00+02:00", seconds=60)
    assert [night.came for night in await nights(world).catch_up(going)] == [Came.BEGUN]
    assert await nights(world).ring(schedule.schedule_id, due) is not None
