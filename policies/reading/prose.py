"""A text cut into what belongs together, with every offset kept: code apart from prose, one clause from the next."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)([^\n]*)$", re.MULTILINE)
_TICKS = re.compile(r"`([^`\n]+)`")
_SENTENCE = re.compile(
    r"(?<=[!?;])\s|(?<![0-9])(?<!\.\.\.)\.(?=\s)|(?<=[0-9])\.(?=\s+[^0-9\s])|(?<=[A-Za-z0-9]{3})\.(?=\s)|\n+|\.\s*$"
)
_COMMA = re.compile(r",(?=\s)|(?<![0-9]),(?![0-9])|\s(?:[–—•·/-]|//|[-=]>)\s|[()|]")
_WRAPPED = re.compile(r"(?m)^(?![^\w\n]*(?:[\w'’]+ ){0,2}\w+ ?:)[^\n]{60,}\n(?=[^\s\-*#>`|0-9])")
_BLANK = "\x00"

LONGEST = 1000
"""Characters of a sentence: each figure looks through all of its own, which must end."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, by its place in it."""

    start: int
    end: int
    text: str


def code_spans(text: str) -> list[Span]:
    """What stands between backticks, fenced or inline; fences first, without their marks."""
    fenced = list(_fenced(text))
    rest = blanked(text, fenced)
    inline = [Span(match.start(), match.end(), match[1].strip()) for match in _TICKS.finditer(rest)]
    return sorted([*fenced, *inline], key=lambda span: span.start)


def _fenced(text: str) -> Iterator[Span]:
    """Line by line: an expression over a whole block would look for the end of each that has none."""
    opened: re.Match[str] | None = None
    for mark in _FENCE.finditer(text):
        if opened is None:
            opened = mark
        elif not mark[1].strip():
            yield Span(opened.start(), mark.end(), text[opened.end() : mark.start()].strip("\n"))
            opened = None


def unwrapped(text: str) -> str:
    """The text without the line ends that only keep its lines short, every offset as it was; code stays as it is."""
    fences = [range(span.start, span.end) for span in _fenced(text)]
    chars = list(text)
    for match in _WRAPPED.finditer(text):
        if not any(match.end() in fence for fence in fences):
            chars[match.end() - 1] = " "
    return "".join(chars)


def prose_of(text: str) -> str:
    """The text with its code blotted out, every offset as it was: a figure in a command is an argument of it."""
    return blanked(text, code_spans(text))


def blanked(text: str, spans: Iterable[Span]) -> str:
    """The text with these parts of it blotted out."""
    chars = list(text)
    for span in spans:
        chars[span.start : span.end] = _BLANK * (span.end - span.start)
    return "".join(chars)


@lru_cache(maxsize=8)
def sentences(prose: str) -> tuple[Span, ...]:
    """Between full stops, line ends and the like; one without an end is cut at `LONGEST`."""
    return tuple(part for one in _cut(prose, 0, len(prose), _SENTENCE) for part in _in_pieces(one))


@lru_cache(maxsize=8)
def clauses(prose: str) -> tuple[Span, ...]:
    """Sentences, cut at their commas too."""
    return tuple(clause for one in sentences(prose) for clause in _cut(prose, one.start, one.end, _COMMA))


def _in_pieces(span: Span) -> Iterator[Span]:
    for at in range(0, len(span.text), LONGEST):
        part = span.text[at : at + LONGEST]
        yield Span(span.start + at, span.start + at + len(part), part)


def around(spans: Sequence[Span], place: int) -> Span:
    """The one that a place lies in."""
    at = bisect_right(spans, place, key=lambda span: span.start) - 1
    return spans[at] if at >= 0 and place < spans[at].end else Span(place, place, "")


def _cut(text: str, start: int, end: int, where: re.Pattern[str]) -> Iterator[Span]:
    at = start
    for match in where.finditer(text, start, end):
        if text[at : match.start()].strip():
            yield Span(at, match.start(), text[at : match.start()])
        at = match.end()
    if text[at:end].strip():
        yield Span(at, end, text[at:end])
