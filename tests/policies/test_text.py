"""Text from outside, made fit to be shown."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.text import MOST_BLANKS, as_seen, clean, clean_lines, counted, has_link, without_links


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("RTX 4090", "RTX 4090"),
        ("", ""),
        ("  RTX \t\n\r 4090  ", "RTX 4090"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("a\u00a0b\u3000c", "a b c"),
        ("a\x00b\x1b[31mc\x7fd\x9be", "ab[31mcde"),
        ("\u202egpj.exe\u202c", "gpj.exe"),
        ("\u2066a\u2069\u200e\u200f\u061c", "a"),
        ("a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg", "abcdefg"),
        ("a\u034fb\u115fc\u1160d\u3164e\uffa0f\u2800g\ufe0fh", "abcdefgh"),
        ("a\U000e0041b\U000e0100c", "abc"),
        ("a\ud800b\ue000c\U0010ffffd", "abcd"),
        ("Müller 猪 🐖", "Müller 猪 🐖"),
    ],
)
def test_what_can_not_be_seen_is_removed(text: str, shown: str) -> None:
    """Controls, bidi and zero-width characters go; letters of any language stay; blanks become one space."""
    assert clean(text, 80) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("abc def", 5, "abc…"), ("ab", 1, "…")],
)
def test_what_is_too_long_is_cut_and_says_so(text: str, limit: int, shown: str) -> None:
    """With the ellipsis inside the limit."""
    assert clean(text, limit) == shown


@given(st.text(max_size=60), st.integers(1, 50))
def test_what_is_shown_is_one_bounded_line_and_stays_as_it_is(text: str, limit: int) -> None:
    """Cleaning twice changes nothing."""
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert clean(shown, limit) == shown


def test_lines_can_be_kept() -> None:
    """Each is cleaned; several empty ones become one."""
    assert clean_lines("a\x1b\r\n\n\n\n  b\u202e \n", 80) == "a\n\nb"
    assert clean_lines("a\nb\nc", 4) == "a\nb…"
    assert len(clean_lines("x\n" * 100_000, 100)) <= 100


@pytest.mark.parametrize(
    "text",
    [
        "see https://evil.test",
        "https:\u200b//evil.test",
        "HTTPS:evil.test",
        "x://y",
        "pay at www.evil.test",
        "[pay](evil.test)",
        "mailto:a@evil.test",
        "javascript:alert(1)",
        "ｈｔｔｐｓ：／／evil.test",
    ],
)
def test_a_link_is_seen_through_its_disguise(text: str) -> None:
    """Invisible characters and wide letters included."""
    assert has_link(text)
    assert not has_link(without_links(clean(text, 80)))


@pytest.mark.parametrize(
    "text", ["RTX 4090", "data: 24 GB", "A100 80GB/SXM", "C:\\x", "Extra data: line 1", "", "awww. no"]
)
def test_plain_text_is_no_link(text: str) -> None:
    """And stays as it is."""
    assert not has_link(text)
    assert without_links(text) == text


@pytest.mark.parametrize(
    ("count", "words", "wanted"),
    [(0, ("job",), "0 jobs"), (1, ("job",), "1 job"), (2, ("job",), "2 jobs"), (1, ("try", "tries"), "1 try")],
)
def test_one_is_not_many(count: int, words: tuple[str, ...], wanted: str) -> None:
    """An s, or the words for many."""
    assert counted(count, *words) == wanted
    assert counted(2, "try", "tries") == "2 tries"


def test_a_text_as_it_is_seen() -> None:
    """Its lines stay, and its tabs; what is drawn as nothing goes, and blanks have an end."""
    assert as_seen("a\u200bb\r\n\tc\u00a0d\x1b\u2028e\u3164") == "ab\n\tc d\ne"
    assert as_seen("a" + " " * 1000 + "\n" + "b") == "a" + " " * MOST_BLANKS + "\nb"
