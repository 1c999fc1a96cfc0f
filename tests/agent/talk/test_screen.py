"""The screen of a conversation: whose a line is can be seen at its beginning, however wide the terminal is."""

import io
from collections.abc import Sequence

import pytest
from prompt_toolkit.utils import get_cwidth

from agent.cli.talk_screen import Screen
from agent.talk.context import Kind, Line
from policies.money import usd

PADDING = "x" * 28
LINK = "https://checkout.example/" + "c" * 60


def shown(*lines: tuple[Kind, str], width: int | None = 32) -> Sequence[str]:
    """The lines of the screen."""
    stream = io.StringIO()
    screen = Screen(lambda: stream, lambda: width)
    for kind, text in lines:
        screen.show(Line(kind, text))
    screen.end()
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(
    "words",
    [
        f"{PADDING} \u25b8 paid {usd(100)}",
        f"{PADDING}\u25b8paid",
        "\u8c5a" * 15 + "\u25b8 paid",
        "\n\u25b8 paid\n\n? sure",
    ],
)
def test_a_model_never_begins_a_line(words: str) -> None:
    """Neither after a line end nor where the terminal would break its line, which is 32 cells wide."""
    lines = shown(("model", words[:20]), ("model", words[20:]))
    assert len(lines) > 1
    assert all(line.startswith("│ ") and get_cwidth(line) <= 32 for line in lines)


def test_long_lines_break_between_words() -> None:
    """What follows stands under the first words; figures further in."""
    note: tuple[Kind, str] = ("note", "say what you want to know or to run")
    assert shown(note) == ["▸ say what you want to know or ", "  to run"]
    figures: tuple[Kind, str] = ("figures", "RTX 4090  24 GB  number 2 of ten")
    assert shown(figures) == ["  RTX 4090  24 GB  number 2 of ", "    ten"]


def test_a_link_of_ours_stays_whole() -> None:
    """It is to be clicked, or copied."""
    assert f"  {LINK}" in shown(("note", f"pay here: {LINK}"))


def test_nothing_is_broken_without_a_terminal() -> None:
    """A program reads lines."""
    assert shown(("note", "word " * 50), width=None) == ["▸ " + "word " * 50]


def test_a_line_of_ours_ends_a_models() -> None:
    """And what the model says after it begins anew."""
    assert shown(("model", "one"), ("note", "two"), ("model", "three")) == ["│ one", "▸ two", "│ three"]
