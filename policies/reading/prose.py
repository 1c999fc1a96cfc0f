"""A text cut into what belongs together, with every offset kept: code apart from prose, one clause from the next."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*\n(.*?)^[ \t]*(?:```|~~~)[ \t]*$", re.DOTALL | re.MULTILINE)
_TICKS = re.compile(r"`([^`\n]+)`")
_SENTENCE = re.compile(r"(?<=[!?;])\s|(?<![0-9])\.(?=\s)|(?<=[0-9])\.(?=\s+[^0-9\s])|\n+|\.\s*$")
_COMMA = re.compile(r",(?=\s)|(?<![0-9]),(?![0-9])|\s[–—-]\s|[()]")
_WRAPPED = re.compile(r"(?m)^(?!\W*\w+ ?:)[^\n]{60,}\n(?=[^\s\-*#>`|0-9])")
_BLANK = "\x00"


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, by its place in it."""

    start: int
    end: int
    text: str


def code_spans(text: str) -> list[Span]:
    """What stands between backticks, fenced or inline; fences first, without their marks."""
    fenced = [Span(match.start(), match.end(), match[1].strip("\n")) for match in _FENCE.finditer(text)]
    rest = blanked(text, fenced)
    inline = [Span(match.start(), match.end(), match[1].strip()) for match in _TICKS.finditer(rest)]
    return sorted([*fenced, *inline], key=lambda span: span.start)


def unwrapped(text: str) -> str:
    """The text without the line ends that only keep its lines short, every offset as it was; code stays as it is."""
    fences = [range(match.start(), match.end()) for match in _FENCE.finditer(text)]
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


def sentences(prose: str) -> list[Span]:
    """Between full stops, line ends and the like."""
    return list(_cut(prose, 0, len(prose), _SENTENCE))


def clauses(prose: str) -> list[Span]:
    """Sentences, cut at their commas too."""
    return [clause for one in sentences(prose) for clause in _cut(prose, one.start, one.end, _COMMA)]


def around(spans: list[Span], place: int) -> Span:
    """The one that a place lies in."""
    return next((span for span in spans if span.start <= place < span.end), Span(place, place, ""))


def _cut(text: str, start: int, end: int, where: re.Pattern[str]) -> Iterator[Span]:
    at = start
    for match in where.finditer(text, start, end):
        if text[at : match.start()].strip():
            yield Span(at, match.start(), text[at : match.start()])
        at = match.end()
    if text[at:end].strip():
        yield Span(at, end, text[at:end])
