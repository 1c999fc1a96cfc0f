"""Pages that are open: each change once, to everybody, and nothing lost or doubled over a lost connection."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sse_starlette import ServerSentEvent
from starlette.requests import Request

from agent.chat.web.live import MOST_CURSOR, Live, Shown, Whole, cursor_of, cursor_text
from agent.chat.web.pages.grants import GrantsSubject
from agent.chat.web.pages.job_log import MOST_BYTES, MOST_GROWN, log_of
from agent.chat.web.pages.schedules import ScheduleSubject
from agent.chat.web.pages.thread import thread_of
from agent.diary import Diary
from agent.schedule.add import read_schedule
from agent.schedule.consent import Asked, ask, expect_night
from policies.money import Cents
from tests.agent.conftest import MakeWorld
from tests.agent.schedule.scheduled import scheduled
from tests.agent.world import ASK, World
from tools.spend_log.rows import Decision


@dataclass
class Store:
    """Something that changes, and counts how often it is shown."""

    value: str = "one"
    time: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    shows: int = 0
    looks: int = 0
    ends: datetime | None = None
    name: str = "store"
    pauses: asyncio.Event = field(default_factory=asyncio.Event)

    def head(self) -> str:
        self.looks += 1
        return self.value

    def marks(self) -> None:
        return None

    def show(self) -> Shown:
        self.shows += 1
        over = self.ends is not None and self.time >= self.ends
        return Shown([Whole.of("card", f"{self.value}{' over' if over else ''}")], None if over else self.ends)

    async def pause(self, seconds: float) -> None:
        assert seconds > 0
        await self.pauses.wait()
        self.pauses.clear()

    def live(self) -> Live:
        return Live(self.head, lambda: self.time, self.pause)

    async def later(self) -> None:
        """Let it look once more."""
        self.pauses.set()
        for _ in range(5):
            await asyncio.sleep(0)


async def data(events: AsyncGenerator[ServerSentEvent, None]) -> tuple[Any, Any]:
    event = await asyncio.wait_for(anext(events), 5)
    return event.data, event.id


async def test_a_change_is_rendered_once_for_all() -> None:
    """However many watch; and nothing is sent while nothing changes."""
    store = Store()
    live = store.live()
    watching = [live.watch(store, {}) for _ in range(3)]
    assert {(await data(one))[0] for one in watching} == {"one"}
    coming = [asyncio.create_task(data(one)) for one in watching]
    await store.later()
    assert (store.shows, any(task.done() for task in coming)) == (1, False)
    store.value = "two"
    await store.later()
    assert {(await task)[0] for task in coming} == {"two"}
    assert store.shows == 2
    for one in watching:
        await one.aclose()
    await store.later()
    looks = store.looks
    await store.later()
    assert store.looks == looks


async def test_what_a_page_has_is_not_sent_again() -> None:
    """It says so by its cursor, when it connects."""
    store = Store()
    live, has = store.live(), {"card": Whole.of("card", "one").token}
    events = live.watch(store, has)
    coming = asyncio.create_task(data(events))
    await store.later()
    assert not coming.done()
    store.value = "two"
    live.look()
    assert await coming == ("two", cursor_text({"card": Whole.of("card", "two").token}))
    await events.aclose()


async def test_time_alone_changes_a_page() -> None:
    """An offer expires without anybody writing anything."""
    store = Store(ends=datetime(2026, 1, 1, 1, tzinfo=UTC))
    events = store.live().watch(store, {})
    assert (await data(events))[0] == "one"
    store.time += timedelta(hours=1)
    coming = asyncio.create_task(data(events))
    await store.later()
    assert (await coming)[0] == "one over"
    await events.aclose()


async def test_a_late_comer_gets_what_is_new() -> None:
    """Not what others saw before."""
    store = Store()
    live = store.live()
    first = live.watch(store, {})
    await data(first)
    store.value = "two"
    second = live.watch(store, {})
    assert (await data(second))[0] == "two"
    await first.aclose()
    await second.aclose()


@pytest.mark.parametrize(
    ("said", "has"),
    [
        ("card.ab12~log.1f-0-5", {"card": "ab12", "log": "1f-0-5"}),
        ("", {}),
        ("nonsense", {}),
        ("card.<script>", {}),
        ("card.ab~" * MOST_CURSOR, {}),
    ],
)
@pytest.mark.parametrize("by", ["header", "query"])
def test_cursors(said: str, has: dict[str, str], by: str) -> None:
    """What is no cursor of ours says nothing."""
    header = [(b"last-event-id", said.encode())] if by == "header" else []
    query = f"after={said}".encode() if by == "query" else b""
    request = Request({"type": "http", "headers": header, "query_string": query, "path": "/", "method": "GET"})
    assert cursor_of(request) == has


def log_text(html: str) -> str:
    return html.replace("<span>", "").replace("</span>", "")


@pytest.fixture
def logged(make_world: MakeWorld) -> tuple[World, Callable[[bytes], None]]:
    """A run, and a hand that appends to its log."""
    world = make_world()
    folder = world.home.run(world.submit())

    def append(data: bytes) -> None:
        with folder.log.open("ab") as file:
            file.write(data)

    return world, append


Logged = tuple[World, Callable[[bytes], None]]


def test_a_log_comes_byte_for_byte_over_any_number_of_connections(logged: Logged) -> None:
    """Letters and escapes that are cut in two come whole later; what was written is shown once."""
    world, append = logged
    folder = world.home.run("train-1")
    whole = "step 1 ✓\n\x1b[32mgrün\x1b[0m 🐷\r\n<b>bold</b>\nlast".encode()
    token, got = "0-0-0", ""
    for number in range(len(whole)):
        append(whole[number : number + 1])
        piece = log_of(folder).since(token)
        if piece is not None:
            got += log_text(piece.html) if piece.name == "log" else log_text(piece.html).split(">", 1)[1][:-6]
            token = piece.token
    assert got.replace("\r", "") == "step 1 ✓\ngrün 🐷\n&lt;b&gt;bold&lt;/b&gt;\nlast"


def test_a_page_gets_the_end_of_a_long_log(logged: Logged) -> None:
    """From the beginning of a line; and again only the end, once it has grown too long."""
    world, append = logged
    append(b"x" * 99 + b"\n")
    append(b"".join(b"%063d\n" % number for number in range(3000)))
    log = log_of(world.home.run("train-1"))
    shown, span = log.end()
    assert len(shown) <= MOST_BYTES
    assert shown.startswith("0")
    assert shown.endswith("2999\n")
    append(b"y" * MOST_GROWN)
    piece = log_of(world.home.run("train-1")).since(span.token)
    assert piece is not None
    assert piece.name == "log-anew"


def test_the_log_of_a_later_pod_begins_anew(logged: Logged) -> None:
    """It is another file."""
    world, append = logged
    folder = world.home.run("train-1")
    append(b"of the first pod\n")
    token = log_of(folder).token
    folder.log.rename(folder.path / "log.before.txt")
    append(b"of the second, longer than that\n")
    piece = log_of(folder).since(token)
    assert piece is not None
    assert (piece.name, "of the second" in piece.html) == ("log-anew", True)


def test_a_thread_is_in_order_within_a_second(make_world: MakeWorld) -> None:
    """What the run told, and what humans did."""
    world = make_world()
    run_id = world.submit()
    folder, diary = world.home.run(run_id), Diary(world.face, world.home, world.clock)
    world.clock.advance(0.1)
    diary.tell(run_id, "picked")
    world.clock.advance(0.1)
    world.log.request_cancel(run_id, world.clock.now(), "me")
    world.clock.advance(0.1)
    diary.tell(run_id, "ended")
    told = [message.text for message in thread_of(world.log, folder, run_id).messages()]
    assert told == ["submitted", "picked", "asked to cancel", "ended"]


def test_a_thread_goes_on_after_its_last_message(make_world: MakeWorld) -> None:
    """From the diary and the history both."""
    world = make_world()
    run_id = world.submit()
    folder, diary = world.home.run(run_id), Diary(world.face, world.home, world.clock)
    diary.tell(run_id, "first")
    first = thread_of(world.log, folder, run_id)
    diary.tell(run_id, "second")
    world.log.request_cancel(run_id, world.clock.now(), "web:ann from 127.0.0.1")
    piece = thread_of(world.log, folder, run_id).since(first.token)
    assert piece is not None
    assert "second" in piece.html
    assert "web:ann" in piece.html
    assert "first" not in piece.html
    assert thread_of(world.log, folder, run_id).since(piece.token) is None


async def test_a_schedules_page_and_the_grants_change_while_they_are_open(make_world: MakeWorld) -> None:
    """Asked, answered, taken back, paused: what is typed into the form beside it stays."""
    world = make_world(ASK)
    schedule = scheduled(world, 1)
    subjects = ScheduleSubject(world.parts, schedule), GrantsSubject(world.parts)
    page, grants = (subject.show() for subject in subjects)
    jobs = read_schedule(schedule)
    expected = await expect_night(world.parts, schedule, jobs)
    grant = ask(world.parts, schedule, jobs, expected, Asked(Cents(800), 5, None))
    asks, listed = (subject.show() for subject in subjects)
    assert lacks(asks, page) == ["schedule"]
    assert lacks(listed, grants) == ["grants"]
    assert asks.until == listed.until == grant.expires_at
    now = world.clock.now()
    world.log.decide_standing_grant(grant.grant_id, grant.code, grant.terms.total, Decision.APPROVED, "me", now)
    answered, given = (subject.show() for subject in subjects)
    assert lacks(answered, asks) == ["schedule"]
    assert lacks(given, listed) == ["grants"]
    world.log.pause_schedule(schedule.schedule_id, now)
    assert lacks(subjects[0].show(), answered) == ["schedule"]


def lacks(shown: Shown, before: Shown) -> list[str]:
    """The parts that a page is sent which shows what was before."""
    has = {part.key: part.token for part in before.parts}
    return [part.key for part in shown.parts if part.since(has[part.key]) is not None]
