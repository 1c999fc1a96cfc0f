"""DBOS itself rings for schedules, on a clock that is set before a night on which clocks are changed."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest
from dbos import DBOS, _scheduler

from agent.engine.engine import Engine
from agent.engine.queue import DbosQueue, in_file
from agent.engine.rings import RUNG
from agent.engine.timed import timed
from agent.herd import Herd
from tests.agent.engine.test_queue import Driver
from tests.agent.schedule.scheduled import came, scheduled
from tests.agent.world import World
from tools.spend_log.schedule_rows import CatchUp
from tools.ssh.snapshot import pack

NO_GPU = "run: x\nresources: {vram_gb: 900}\nhours: 1"
"""Refused as soon as it is driven: what is looked at here are the nights."""


class StandingClock:
    """It is always the time that it was set to; waiting takes as long as ever.

    However slowly a worker starts, the next time that it computes is a second ahead.
    """

    def __init__(self) -> None:
        self._now = datetime.now(UTC)

    def set(self, local: str) -> None:
        """It is that time now."""
        self._now = datetime.fromisoformat(local).astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@pytest.fixture
def clock(world: World, monkeypatch: pytest.MonkeyPatch) -> StandingClock:
    """The clock of the world and of DBOS's schedules."""
    standing = StandingClock()

    class Standing(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override] # as DBOS uses it
            return standing.now().astimezone(tz)

    monkeypatch.setattr(_scheduler, "datetime", Standing)
    world.change(clock=standing)
    return standing


@asynccontextmanager
async def working(world: World, path: Path) -> AsyncIterator[None]:
    """A worker on DBOS."""
    place, stop = in_file(path), asyncio.Event()
    engine = Engine(Herd(world.parts, world.driver(), pack), lambda *who: DbosQueue.open(place, *who))
    running = asyncio.create_task(engine.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def until(done: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.05)


def rung(path: Path) -> int:
    """How often DBOS rang, and somebody came, by its own book."""
    with closing(sqlite3.connect(path)) as file:
        if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'workflow_status'").fetchone():
            return 0
        done = "SELECT count(*) FROM workflow_status WHERE name = 'nights' AND status = 'SUCCESS'"
        (times,) = file.execute(done).fetchone()
    return int(times)


async def test_what_a_dead_worker_was_rung_for_is_seen_to_by_a_living_one(
    world: World, clock: StandingClock, tmp_path: Path
) -> None:
    """It had begun, and nothing was written down yet; of legs and of rings each goes back to its own queue."""
    clock.set("2026-10-24T01:59:59+02:00")
    place, due = in_file(tmp_path / "queue.db"), datetime(2026, 10, 24, tzinfo=UTC)
    schedule = scheduled(world, 1, text=NO_GPU)
    seen: list[tuple[str, datetime]] = []
    hangs = asyncio.Event()

    async def see(schedule_id: str, at: datetime) -> str:
        seen.append((schedule_id, at))
        await hangs.wait()
        return ""

    async with DbosQueue.open(place, "dead", Driver(), see) as queue:
        await queue.keep_ringing(timed([schedule]))
        await until(lambda: seen)
        await queue.keep_ringing(frozenset())
        assert await DBOS.list_schedules_async() == []
    hangs.set()
    async with DbosQueue.open(place, "living", Driver(), see) as queue:
        ((ring_id, executor),) = (await queue.under_way()).items()
        assert (ring_id.startswith(RUNG), executor) == (True, "dead")
        await queue.begin_again([ring_id])
        await until(lambda: len(seen) == 2)
    assert seen == [(schedule.schedule_id, due)] * 2


async def test_over_a_night_of_two_two_o_clocks_a_restart_and_a_missed_night(
    world: World, clock: StandingClock, tmp_path: Path
) -> None:
    """One night each, begun as DBOS rings; the second two o'clock is rung for too, and is none."""
    path = tmp_path / "queue.db"
    clock.set("2026-10-25T01:59:59+02:00")
    once = scheduled(world, 1, text=NO_GPU)
    late = scheduled(world, 1, text=NO_GPU, catch_up=CatchUp.LAST)
    hourly = scheduled(world, 1, text=NO_GPU, cron="0 * * * *")
    async with working(world, path):
        await until(lambda: rung(path) == 3)
    for schedule in (once, late):
        assert came(world, schedule) == [("2026-10-25T02:00", "begun")]
    clock.set("2026-10-25T02:59:59+02:00")
    world.restart()
    async with working(world, path):
        await until(lambda: rung(path) == 6)
    assert came(world, once) == came(world, late) == [("2026-10-25T02:00", "begun")]
    assert came(world, hourly) == [("2026-10-25T02:00+0200", "begun"), ("2026-10-25T02:00+0100", "begun")]
    clock.set("2026-10-26T09:30:00+01:00")
    world.restart()
    async with working(world, path):
        await until(lambda: len(came(world, once)) == 2 and len(came(world, late)) == 2)
    assert came(world, once)[1:] == [("2026-10-26T02:00", "missed")]
    assert came(world, late)[1:] == [("2026-10-26T02:00", "begun")]
