"""What a job prints: kept byte for byte in its log, shown as text that moves, titles, links, asks and hides nothing."""

import re
from dataclasses import dataclass
from io import StringIO

import pytest

from agent.cli.terminal import TerminalFace
from tests.fakes.pods import Script
from tests.hostile.conftest import MakeHostile
from tests.hostile.hostile import CREDITS
from tools.spend_log.rows import RunStatus


@dataclass(frozen=True, slots=True)
class Output:
    """What a job prints between two words of its own, and what a human reads there without a terminal."""

    attack: str
    printed: bytes
    read: str


OUTPUTS = (
    Output("window-title", b"\x1b]0;owned\x07", ""),
    Output("clipboard", b"\x1b]52;c;cm0gLXJm\x1b\\", ""),
    Output("hyperlink", b"\x1b]8;;https://evil.test/\x1b\\pay here\x1b]8;;\x1b\\", "pay here"),
    Output("screen-is-cleared", b"\x1b[2J\x1b[1;1H", ""),
    Output("lines-above-are-rewritten", b"\x1b[3A\x1b[Kpaid $0.00", "paid $0.00"),
    Output("terminal-reset", b"\x1bc", "c"),
    Output("alternate-screen", b"\x1b[?1049h", ""),
    Output("terminal-is-asked", b"\x1b[6n\x1b[c", ""),
    Output("device-control", b"\x1bP+q544e\x1b\\", ""),
    Output("one-byte-sequences", "\x9b2J\x9d0;owned\x9c".encode(), "2J0;owned"),
    Output("bells-and-backspaces", b"\x07\x08\x08", ""),
    Output("bidi-override", "\u202egnp.exe\u202c".encode(), "gnp.exe"),
    Output("bidi-isolates", "\u2066x\u2069\u061c".encode(), "x"),
    Output("zero-width", "a\u200bb\ufeffc\u2060d".encode(), "abcd"),
    Output("tag-characters", "a\U000e0041b".encode(), "ab"),
    Output("sequence-in-a-sequence", b"\x1b[\x1b[2J2J", "[2J"),
    Output("sequence-in-a-colour", b"\x1b[31\x1b[2Jm", "[31m"),
    Output("no-text-at-all", b"\xff\xfe\x80", "\ufffd\ufffd\ufffd"),
    Output("shift-out", b"\x0e\x0f", ""),
)

TABLES = (OUTPUTS,)

ACTS = re.compile(
    "\x1b(?!\\[[0-9;]*m)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)


def attack(row: Output) -> str:
    """For pytest's ids."""
    return row.attack


class _Terminal(StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


class _Quiet(TerminalFace):
    """Says nothing of the GPU, so that what the job prints stays in one piece."""

    def gpu(self, run_id: str, util: int, memory: int) -> None:
        """Nothing."""


async def shown(make_hostile: MakeHostile, row: Output, stream: StringIO, *, bytewise: bool) -> str:
    """What stands on `stream` when the job is over; it printed everything in one second, or a byte a second."""
    hostile = make_hostile(CREDITS)
    printed = b"before\n" + row.printed + b"\nafter\n"
    script = Script(log=printed, seconds=float(len(printed)) if bytewise else 1.0)
    hostile.world.pods.script = script
    hostile.world.change(face=_Quiet(stream))
    run = await hostile.world.run()
    assert (run.status, run.code) == (RunStatus.SUCCEEDED, 0), run.reason
    assert hostile.world.home.run(run.run_id).log.read_bytes() == printed
    hostile.assert_harmless(run)
    hostile.world.check()
    return stream.getvalue()


@pytest.mark.parametrize("row", OUTPUTS, ids=attack)
async def test_without_a_terminal_only_text_is_shown(make_hostile: MakeHostile, row: Output) -> None:
    """No escape at all; what a human reads is the text in between."""
    said = await shown(make_hostile, row, StringIO(), bytewise=False)
    assert ACTS.findall(said) == []
    assert "\x1b" not in said
    assert f"before\n{row.read}\nafter\n" in said


@pytest.mark.parametrize("row", OUTPUTS, ids=attack)
async def test_a_terminal_gets_text_and_colours_only(make_hostile: MakeHostile, row: Output) -> None:
    """However the bytes are cut into pieces on their way."""
    said = await shown(make_hostile, row, _Terminal(), bytewise=True)
    assert ACTS.findall(said) == []
    assert "before\n" in said
    assert "\nafter\n" in said
