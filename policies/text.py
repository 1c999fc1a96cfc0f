"""Text from outside, made fit to be shown to a human: one line, nothing invisible, bounded."""

import re
import unicodedata

ELLIPSIS = "…"

_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Controls, format marks (bidi and zero-width ones among them), lone surrogates, private and unassigned."""

_UNSEEN_RANGES = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0000, 0xE0FFF),
)
"""Drawn as nothing although Unicode files them as letters, marks or symbols (its Default_Ignorable_Code_Point list)."""


_LINK = re.compile(
    r":[/\\]{2}|\bhttps?:|\bwww\.|\b(?:data|file|ftp|javascript|mailto|tel):(?=\S)|\]\(", re.IGNORECASE | re.ASCII
)
"""What a terminal, a chat or Markdown would make a link of; bare host names aside."""


MOST_BLANKS = 40
_LINE_END = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS = re.compile(rf"\s{{{MOST_BLANKS + 1},}}")


def clean(text: str, limit: int) -> str:
    """One line of `text` without control, bidi and zero-width characters, at most `limit` characters long.

    Runs of blanks and line ends become one space, so that removing a line end joins no words. A text that was cut
    ends in `…`. Cleaning twice changes nothing.
    """
    spaced = "".join(" " if char.isspace() else char for char in text if char.isspace() or _is_seen(char))
    return _cut(" ".join(spaced.split()), limit)


def counted(count: int, one: str, more: str = "") -> str:
    """`1 job`, `2 jobs`; `more` is for what an s alone does not make many of."""
    return f"{count} {one}" if count == 1 else f"{count} {more or one + 's'}"


def clean_lines(text: str, limit: int) -> str:
    """As `clean`, but line ends stay; more than one empty line in a row becomes one."""
    lines = [clean(line, limit) for line in text[: 4 * limit].splitlines()]
    kept = [line for before, line in zip(["", *lines], lines, strict=False) if line or before]
    return _cut("\n".join(kept).strip(), limit)


def as_seen(text: str) -> str:
    r"""`text` with its lines, but without what is drawn as nothing, so that what is read is what a human sees.

    A blank that is no tab is a space, a line end `\n`, and a run of blanks at most `MOST_BLANKS` long.
    """
    lines = _LINE_END.sub("\n", text)
    kept = (char for char in lines if char.isspace() or _is_seen(char))
    seen = (" " if char.isspace() and char not in "\n\t" else char for char in kept)
    return _BLANKS.sub(lambda run: run[0][:MOST_BLANKS] + "\n" * ("\n" in run[0][MOST_BLANKS:]), "".join(seen))


def has_link(text: str) -> bool:
    """Whether a human who is shown `text` might be led somewhere by it, invisible and wide characters seen through."""
    return _LINK.search(unicodedata.normalize("NFKC", clean(text, len(text)))) is not None


def without_links(text: str) -> str:
    """`text` with `[link]` for every word that is one."""
    return " ".join("[link]" if has_link(word) else word for word in text.split(" "))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + ELLIPSIS[:limit]


def _is_seen(char: str) -> bool:
    point = ord(char)
    return unicodedata.category(char) not in _UNSEEN_CATEGORIES and not any(
        first <= point <= last for first, last in _UNSEEN_RANGES
    )
