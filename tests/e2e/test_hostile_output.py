"""A job that tries to talk to the terminal instead of the reader."""

import re
from pathlib import Path

import pytest

from tests.e2e.swineherd import Swineherd, write_job
from tests.e2e.terminal import Terminal

pytestmark = pytest.mark.timeout(90)

HOSTILE = {
    "title": "\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;cm0gLXJm\x1b\\",
    "link": "\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "clear": "\x1b[2J\x1b[1;1H",
    "up": "\x1b[3A\x1b[K",
    "reset": "\x1bc",
    "one byte": "\x9b2J\x9d0;title\x9c",
    "bell": "\x07\x08\x08",
    "bidi": "\u202egnp.exe\u202c \u2066x\u2069 \u061c",
    "invisible": "a\u200bb\ufeffc\u2060d",
    "program": "\x1bP+q544e\x1b\\",
    "answer": "\x1b[6n\x1b[c",
}
COLOUR = "\x1b[31mred\x1b[0m"
FORBIDDEN = re.compile(
    "\x1b(?!\\[[0-9;]*m)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """Prints every trick on a line of its own, and a colour."""
    lines = [f"{name}:{trick}:end" for name, trick in HOSTILE.items()] + [COLOUR]
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "tricks.txt").write_bytes("\n".join([*lines, ""]).encode())
    return write_job(tmp_path, "cat tricks.txt", workdir="work")


def assert_harmless(text: str) -> None:
    """No sequence that moves, titles, links, asks, hides or turns around; every line is there."""
    assert [match.group() for match in FORBIDDEN.finditer(text)] == []
    for name in HOSTILE:
        assert f"{name}:" in text
    assert text.count(":end") == len(HOSTILE)
    assert "owned" not in text
    assert "evil.example" not in text


def test_without_a_terminal_nothing_but_text_is_printed(herd: Swineherd, job: Path) -> None:
    """No escape sequence at all reaches stdout of `run` and `logs`; the log file keeps what the job wrote."""
    done = herd.run("run", job, "--sandbox")
    assert done.code == 0, done.text
    run_id = next(line.split()[-1] for line in done.stdout.splitlines() if "▸ run " in line)
    again = herd.run("logs", run_id)

    for text in (done.stdout, again.stdout):
        assert_harmless(text)
        assert "\x1b" not in text
        assert "red" in text
    assert herd.log(run_id) == (job.parent / "work" / "tricks.txt").read_bytes()


def test_a_terminal_gets_plain_colours_only(herd: Swineherd, job: Path) -> None:
    """In a terminal colours stay, and nothing else does."""
    terminal = Terminal(herd, "run", str(job), "--sandbox")
    try:
        assert terminal.ends() == 0
        assert_harmless(terminal.screen)
        assert COLOUR in terminal.screen
    finally:
        terminal.close()
