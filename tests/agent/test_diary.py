"""What a run told is kept in its folder, for a reader who comes later."""

from pathlib import Path

import pytest

from agent.diary import MOST_BYTES, Diary, Entry, entries
from agent.face import Silent
from agent.folders import Home
from tests.agent.timeline import Timeline
from tests.agent.watched import RecordingFace
from tests.agent.world import World


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.run("run-1").make()
    return home


def test_lines_and_utilisation_in_their_order(home: Home) -> None:
    """Each with its time; what is told again and again is there once; the other face hears all of it."""
    clock, heard = Timeline(), RecordingFace()
    diary = Diary(heard, home, clock)
    for line in ("picked", "no answer", "no answer", "paid"):
        diary.tell("run-1", line)
        clock.advance(1)
    diary.gpu("run-1", 93, 40)
    found, _ = entries(home.run("run-1"))
    assert [(entry.line, entry.util, entry.memory) for entry in found] == [
        ("picked", None, None),
        ("no answer", None, None),
        ("paid", None, None),
        ("", 93, 40),
    ]
    assert found[0].at < found[1].at < found[2].at
    assert heard.lines == ["picked", "no answer", "no answer", "paid", "GPU 93 40"]


def test_reading_goes_on_where_it_ended(home: Home) -> None:
    """A line that is not whole yet is read once it is."""
    diary, folder = Diary(Silent(), home, Timeline()), home.run("run-1")
    diary.tell("run-1", "one")
    found, offset = entries(folder)
    assert [entry.line for entry in found] == ["one"]
    with folder.diary.open("ab") as file:
        file.write(b'{"at": "2026-01-01T00:00:00Z", "li')
    assert entries(folder, offset) == ([], offset)
    with folder.diary.open("ab") as file:
        file.write(b'ne": "two"}\n')
    assert entries(folder, offset)[0] == [Entry("2026-01-01T00:00:00Z", "two")]


@pytest.mark.parametrize("broken", [b"[]\n", b"{}\n", b'{"at": "x", "evil": 1}\n', b"\xff\n", b"null\n", b"7\n"])
def test_what_is_no_entry_is_passed_over(home: Home, broken: bytes) -> None:
    """The lines around it are read."""
    diary, folder = Diary(Silent(), home, Timeline()), home.run("run-1")
    diary.tell("run-1", "one")
    with folder.diary.open("ab") as file:
        file.write(broken)
    diary.tell("run-1", "two")
    assert [entry.line for entry in entries(folder)[0]] == ["one", "two"]


def test_it_never_fails_a_run_nor_fills_the_disk(home: Home) -> None:
    """No folder, a folder in its place, a megabyte: nothing is written, and the line is told all the same."""
    heard = RecordingFace()
    diary = Diary(heard, home, Timeline())
    diary.tell("no-such-run", "one")
    assert not home.run("no-such-run").path.exists()
    home.run("run-2").make()
    home.run("run-2").diary.mkdir()
    diary.tell("run-2", "two")
    diary.tell("", "of no run")
    home.run("run-1").diary.write_bytes(b"\n" * MOST_BYTES)
    diary.tell("run-1", "three")
    assert home.run("run-1").diary.stat().st_size == MOST_BYTES
    assert heard.lines == ["one", "two", "of no run", "three"]


def test_no_order_id_is_in_it_whole(home: Home) -> None:
    """The one that is told when nothing else can be written down is for the terminal."""
    heard = RecordingFace()
    Diary(heard, home, Timeline()).tell("run-1", "WRITE THIS DOWN: order HOG-0123456789ab")
    assert [entry.line for entry in entries(home.run("run-1"))[0]] == ["WRITE THIS DOWN: order HOG-…89ab"]
    assert heard.lines == ["WRITE THIS DOWN: order HOG-0123456789ab"]


async def test_a_run_keeps_its_diary(world: World) -> None:
    """From the market to the end, readable by its owner alone."""
    world.change(face=Diary(world.face, world.home, world.clock))
    run = await world.run()
    folder = world.home.run(run.run_id)
    lines = [entry.line for entry in entries(folder)[0]]
    assert any(line.startswith("picked ") for line in lines)
    assert any(line.startswith("paid ") for line in lines)
    assert folder.diary.stat().st_mode & 0o777 == 0o600
