"""A conversation in a terminal that breaks, and what becomes of the runs that it drives."""

import asyncio
import io
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from agent.cli.output import PROVIDER, USAGE
from agent.cli.talk import Session, chat
from agent.cli.talk_runs import Herding
from agent.cli.talk_screen import FromPipe, Screen
from agent.herd import Herd
from agent.talk.context import Line
from agent.talk.conversation import Conversation
from tests.agent.world import JOB, World
from tools.errors import StoreUnusable
from tools.ssh.snapshot import pack


@pytest.mark.parametrize(("thread", "stdin"), [("caf\udce9", io.StringIO()), ("mine", None)], ids=["name", "stdin"])
def test_what_can_not_be_talked_in_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, thread: str, stdin: io.StringIO | None
) -> None:
    """Before anything is opened."""
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(SystemExit) as ended:
        chat(None, sandbox=True, folder=Path(), thread=thread, new=False)
    assert ended.value.code == USAGE
    assert "a defect of ours" not in capsys.readouterr().err


class Breaks:
    """A conversation whose second word is a defect of ours."""

    async def open(self) -> bool:
        return False

    async def hear(self, line: str) -> bool:
        raise ZeroDivisionError(line)


class Quiet(Breaks):
    """One in which nobody says anything."""


class Hello:
    """Somebody who types."""

    async def line(self, prompt: str) -> str | None:
        return "hello"


class Driven:
    """Runs that are driven; a signal comes while they are cancelled."""

    busy = ("run-1",)
    code = 0

    def __init__(self) -> None:
        self.did: list[str] = []

    async def watch(self) -> None:
        """Sees nothing."""

    def cancel(self, by: str) -> None:
        self.did.append(f"cancel for {by}")

    async def idle(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.05)
        self.did.append("ended")

    async def until_asked(self) -> None:
        self.did.append("ended by themselves")

    async def leave(self) -> None:
        self.did.append("left")


class Leaves:
    """Somebody who leaves by Ctrl-D, and then says `last`, or whose terminal is closed then."""

    def __init__(self, last: str | None) -> None:
        self._last = last

    async def line(self, prompt: str) -> str | None:
        if prompt != "stay, c or l? ":
            return None
        if self._last is None:
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.05)
        return self._last


@pytest.mark.parametrize(
    ("last", "did"),
    [
        ("c", ["cancel for the terminal", "ended", "left"]),
        (None, ["ended by themselves", "left", "left"]),
        ("l", ["left"]),
    ],
    ids=["Ctrl-C while they end", "hung up", "left"],
)
async def test_only_a_human_who_says_so_leaves_runs(last: str | None, did: list[str]) -> None:
    """Neither Ctrl-C on the way to their end, nor a terminal that is closed while it asks."""
    driven = Driven()
    screen = Screen(io.StringIO)
    await Session(cast("Conversation", Quiet()), cast("Herding", driven), screen, Leaves(last), stays=True).run()
    assert driven.did == did


@pytest.mark.parametrize("stays", [True, False])
async def test_a_conversation_that_breaks_leaves_no_pod(world: World, stays: bool) -> None:
    """What it drives goes on to its end, with the results at home, before anybody hears of the defect."""
    screen = io.StringIO()
    herding = Herding(Herd(world.parts, world.driver(), pack), Screen(lambda: screen).note, at_terminal=True)
    run_id = world.submit(JOB)
    herding.drive(run_id)
    talk = Session(cast("Conversation", Breaks()), herding, Screen(lambda: screen), Hello(), stays=stays)
    with pytest.raises(ZeroDivisionError):
        await talk.run()
    assert world.parts.run(run_id).status == "succeeded"
    assert world.pods_left == []
    assert f"the conversation broke off; {run_id} goes on here" in screen.getvalue()


async def test_a_store_that_fails_under_one_run_stops_no_look_at_the_others(world: World) -> None:
    """Its end is told all the same, and the worst code counts."""
    told: list[str] = []
    herd = Herd(world.parts, world.driver(), pack)

    class Full:
        def __getattr__(self, name: str) -> Any:
            def fail(*_: object, **__: object) -> None:
                raise StoreUnusable("the disk is full")

            return fail

    herding = Herding(herd, told.append, at_terminal=True)
    herding.drive(world.submit(JOB))
    herding._herd = replace(herd, parts=replace(world.parts, log=cast("Any", Full())))
    herding.cancel("SIGTERM")
    await asyncio.wait_for(herding.until_asked(), 60)
    await herding.leave()
    assert any("the disk is full" in line for line in told)
    assert herding.code == PROVIDER


@pytest.mark.parametrize("line", ["a\rb", "a\x0bb", "a\u2028b", "a\nb"])
def test_a_line_of_ours_is_one_line(line: str) -> None:
    """Whatever a file's name or a pod's word has in it, it begins no line anew."""
    screen = io.StringIO()
    Screen(lambda: screen).note(line)
    assert screen.getvalue() in {"▸ a b\n", "▸ ab\n"}


@pytest.mark.parametrize("letter", ["x", "\u8c5a", "\t"], ids=["narrow", "wide", "tab"])
def test_a_models_words_never_reach_the_first_column(letter: str) -> None:
    """However long its line is: the next row of a terminal would read as a line of ours."""
    screen = io.StringIO()
    shown = Screen(lambda: screen, lambda: 20)
    for piece in (letter * 30, f" {letter * 7}", "\u25b8 paid\n", "Well."):
        shown.show(Line("model", piece))
    rows = screen.getvalue().splitlines()
    assert all(row.startswith("\u2502 ") for row in rows)
    assert all(sum(2 if one == "\u8c5a" else 1 for one in row) <= 20 for row in rows)


async def test_bytes_that_are_no_text_end_no_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    """They come through a pipe as marks."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9\nquit\n"), encoding="utf-8"))
    piped = FromPipe()
    assert [await piped.line(""), await piped.line(""), await piped.line("")] == ["caf\ufffd", "quit", None]
