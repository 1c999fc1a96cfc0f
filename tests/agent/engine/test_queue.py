"""The queue on DBOS and SQLite: what the engine relies on, seen on the real thing."""

import asyncio
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.engine.leg import Leg
from agent.engine.queue import POLL_SECONDS, VERSION, DbosQueue, QueuePlace, in_file

ANSWER = Leg("run-1", "at-1", "changed")


class Driver:
    """Drives legs as long as it is told to, and remembers them."""

    def __init__(self) -> None:
        self.driven: list[Leg] = []
        self.at_once = 0
        self.most_at_once: dict[str, int] = {}
        self._under_way: dict[str, int] = {}
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, leg: Leg) -> str:
        assert threading.current_thread() is threading.main_thread(), "the spend log belongs to one thread"
        self.driven.append(leg)
        under_way = self._under_way[leg.run_id] = self._under_way.get(leg.run_id, 0) + 1
        self.most_at_once[leg.run_id] = max(under_way, self.most_at_once.get(leg.run_id, 0))
        self.at_once = max(self.at_once, sum(self._under_way.values()))
        await self.go_on.wait()
        self._under_way[leg.run_id] -= 1
        return "parked"


@pytest.fixture
def place(tmp_path: Path) -> QueuePlace:
    return in_file(tmp_path / "queue.db")


async def nobody_rings(schedule_id: str, due: datetime) -> str:
    raise AssertionError(f"{schedule_id} rang at {due}")


async def until(done: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.02)


async def ended(queue: DbosQueue, driver: Driver, legs: int) -> None:
    """So many legs were driven, and what came of them is written down."""
    await until(lambda: len(driver.driven) == legs)
    async with asyncio.timeout(15):
        while not await queue.settled():
            pass


def test_the_file_is_its_owners_and_in_wal(tmp_path: Path) -> None:
    """0600 from its first moment; in WAL before DBOS opens it."""
    path = tmp_path / "queue.db"
    assert in_file(path).database == {"system_database_url": f"sqlite:///{path}"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_a_duplicate_is_none(place: QueuePlace) -> None:
    """A duplicate of what waits, or is under way, is none; a leg that came to nothing is driven anew."""
    driver = Driver()
    async with DbosQueue.open(place, "one", driver, nobody_rings) as queue:
        driver.go_on.clear()
        for _ in range(3):
            await queue.ask(ANSWER)
        await until(lambda: driver.driven)
        await queue.ask(ANSWER)
        driver.go_on.set()
        await ended(queue, driver, 1)
        await queue.ask(ANSWER)
        await ended(queue, driver, 2)
    assert driver.driven == [ANSWER, ANSWER]


async def test_one_leg_of_a_run_at_a_time(place: QueuePlace) -> None:
    """A deadline and an answer are both driven, one after the other; other runs do not wait for them."""
    driver = Driver()
    async with DbosQueue.open(place, "one", driver, nobody_rings) as queue:
        driver.go_on.clear()
        for leg in (ANSWER, Leg("run-1", "at-1", "deadline"), Leg("run-1"), Leg("run-2"), Leg("run-3")):
            await queue.ask(leg)
        await until(lambda: len(driver.driven) == 3)
        driver.go_on.set()
        await ended(queue, driver, 5)
    assert driver.most_at_once == {"run-1": 1, "run-2": 1, "run-3": 1}
    assert driver.at_once == 3


async def test_what_a_dead_worker_had_begun_is_driven_by_a_living_one(place: QueuePlace) -> None:
    """Not by itself: only once somebody says that it is dead. Until then its run has no second leg; then it has."""
    first, second = Driver(), Driver()
    async with DbosQueue.open(place, "dead", first, nobody_rings) as queue:
        first.go_on.clear()
        await queue.ask(ANSWER)
        await until(lambda: first.driven)
    async with DbosQueue.open(place, "living", second, nobody_rings) as queue:
        await queue.ask(ANSWER)
        await queue.ask(Leg("run-1"))
        await queue.ask(Leg("run-2"))
        await ended(queue, second, 1)
        assert second.driven == [Leg("run-2")]
        assert await queue.under_way() == {ANSWER.leg_id: "dead"}
        second.go_on.clear()
        await queue.begin_again([ANSWER.leg_id])
        await until(lambda: ANSWER in second.driven)
        await asyncio.sleep(4 * POLL_SECONDS)
        assert second.driven == [Leg("run-2"), ANSWER]
        second.go_on.set()
        await until(lambda: len(second.driven) == 3)
        assert await queue.settled()
    assert second.driven[2:] == [Leg("run-1")]


async def test_no_leg_is_begun_after_stopping(place: QueuePlace) -> None:
    """It waits for the next worker; one under way is not settled before it ends."""
    driver = Driver()
    async with DbosQueue.open(place, "one", driver, nobody_rings) as queue:
        driver.go_on.clear()
        await queue.ask(ANSWER)
        await until(lambda: driver.driven)
        queue.stop_taking()
        await queue.ask(Leg("run-2"))
        assert not await queue.settled()
        driver.go_on.set()
        assert await queue.settled()
        assert driver.driven == [ANSWER]
    later = Driver()
    async with DbosQueue.open(place, "two", later, nobody_rings) as queue:
        await ended(queue, later, 1)
    assert later.driven == [Leg("run-2")]


async def test_an_edit_of_ours_strands_nothing(place: QueuePlace, tmp_path: Path) -> None:
    """What waits is of the version that we say, whatever our source is: another worker, later, takes it."""
    async with DbosQueue.open(place, "one", Driver(), nobody_rings) as queue:
        queue.stop_taking()
        await asyncio.sleep(2 * POLL_SECONDS)
        await queue.ask(ANSWER)
        with closing(sqlite3.connect(tmp_path / "queue.db")) as file:
            assert file.execute("SELECT version_name FROM application_versions").fetchall() == [(VERSION,)]
    later = Driver()
    async with DbosQueue.open(place, "two", later, nobody_rings) as queue:
        await ended(queue, later, 1)


async def test_what_is_kept_is_json_and_is_forgotten(place: QueuePlace, tmp_path: Path) -> None:
    """Nothing read back is a pickle; the rows of legs that ended go, others stay."""
    driver = Driver()
    driver.go_on.clear()
    async with DbosQueue.open(place, "one", driver, nobody_rings) as queue:
        await queue.ask(ANSWER)
        await until(lambda: driver.driven)
        assert await queue.forget(datetime.now(UTC) + timedelta(hours=1)) == 0
        with closing(sqlite3.connect(tmp_path / "queue.db")) as file:
            rows = file.execute(
                "SELECT i.inputs, serialization FROM workflow_status JOIN workflow_input i USING (workflow_uuid)"
            ).fetchall()
        assert [(serialization, '"run-1"' in inputs) for inputs, serialization in rows] == [("portable_json", True)]
        driver.go_on.set()
        assert await queue.settled()
        assert await queue.forget(datetime.now(UTC) - timedelta(hours=1)) == 0
        assert await queue.forget(datetime.now(UTC) + timedelta(hours=1)) == 1
        await queue.ask(ANSWER)
        await ended(queue, driver, 2)
