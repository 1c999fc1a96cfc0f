"""Whether a figure is surely what it seems to be, by the words beside it.

A rule knows what it looks for, and not what else a text may say: `any card but`, `of footage`, `a fold`. So each word
of a figure's clause has to be known to change nothing about it; a figure beside any other word is asked about.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import zip_longest

from policies.reading.figures import REPLACED_BY, Figure, Weight
from policies.reading.harmless import HARMLESS
from policies.reading.numerals import NUMBER, numbers
from policies.reading.prose import Span, around, blanked, clauses, sentences
from policies.reading.qualifiers import (
    A_LIMIT,
    A_PRICE,
    A_REQUEST,
    A_WISH,
    CHANGES,
    FOR_EACH,
    IDIOMS,
    LIMITED,
    LOOKED_FOR,
    MORE,
    OF_A_LIMIT,
    QUALIFIES,
    SCALES,
    SPEAKS_OF_IT,
)
from policies.reading.words import ends_with, one_of, phrases

_WORD = re.compile(r"[^\W_]+")
_PATH = re.compile(
    r"(?<![\w/])(?![0-9.,]+/)(?!\w+/(?:h|hr|hour|day|gpuh?|std|stunde|tag|heure|jour|hora|d[ií]a)\b)[\w.*~-]*(?:/[\w.*/-]*|\.[a-z]\w{0,11}(?!\w))",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![\w-])[A-Za-z][\w.-]*(?:[ -][0-9][\w.]*)?[\s(-]{0,2}(?=\x01)")
"""Of a model, before its size."""
_BETWEEN = re.compile(
    r"(?<=\x00)(?:\s*,)?\s+(?:or|and|oder|und|ou|et|o|y|u)\s+(?:(?:an?|the|auf|eine[rn]?|sur|une?|en|una)\s+)*(?=\x00)",
    re.IGNORECASE,
)
_CORRECTED = re.compile(REPLACED_BY, re.IGNORECASE)
_OR = re.compile(r"^\W*(or|oder|ou|o)(?!\w)", re.IGNORECASE)
_COUNTS = re.compile(NUMBER, re.IGNORECASE)
_OF_MORE = re.compile(MORE, re.IGNORECASE)
_AT = re.compile(r"\x00\s*(?:at|@|à|a|zu(?:\s+je)?)\s*$", re.IGNORECASE)
"""`three hours at 80 cents`."""
_STRUCK = r"~~|<!--|-->|[≠✗✘✕❌×%^]|!(?=\S)"
_ABOVE = r"(?<![-=])>|[≥+]"
_SIGNS = {
    "hours": re.compile(f"{_STRUCK}|{_ABOVE}"),
    "budget_usd": re.compile(f"{_STRUCK}|{_ABOVE}|@"),
    "vram_gb": re.compile(rf"{_STRUCK}|(?<![-=])>(?!=)"),
    "accelerators": re.compile(f"{_STRUCK}|{_ABOVE}|[~≈]"),
}
_TAKEN_BACK = re.compile(r"\W*(?:no|nope|nein|non|wait|sorry|pardon|perdón)\W*", re.IGNORECASE)
_DONE_WITH = ends_with(phrases("with, using, via, by running", "mit, per", "avec", "con, usando, mediante"))
_WHERE_AND_HOW_LONG = one_of(
    "on, for, about, around, a, an, the, in, of, some",
    "auf, für, etwa, ungefähr, rund, lang, einer, einem, eine",
    "sur, pendant, durant, environ, une, un, en",
    "durante, unas, unos, una",
)


class Certainty:
    """Looks at the words beside the figures of one text; lives as long as that.

    Attributes:
        unread: the text without what rules have a meaning for.

    Args:
        prose: the text without its code.
        known: what rules have a meaning for.
        sizes: of models; a name may stand before each.
        commands: that the text names.
    """

    def __init__(self, prose: str, known: Iterable[Span], sizes: Iterable[Span], commands: Iterable[Span]) -> None:
        self._prose = prose
        self._clauses, self._sentences = clauses(prose), sentences(prose)
        paths = [Span(match.start(), match.end(), match[0]) for match in _PATH.finditer(prose)]
        self._runs = sorted([*paths, *commands], key=lambda span: span.end)
        rest = blanked(prose, known)
        chars = list(rest)
        for size in sizes:
            chars[size.start : size.end] = "\x01" * (size.end - size.start)
        self.unread = _without(_without("".join(chars), _PATH), _NAME).replace("\x01", "\x00")
        rest = _without(self.unread, IDIOMS)
        rest = _without(blanked(rest, _limits(rest)), _CORRECTED)
        self._rest = _without(rest, _BETWEEN)

    def weighed(self, figures: Iterable[Figure], field: str) -> list[Figure]:
        """The figures, those beside strange words as no more than unclear."""
        return [self._weighed(figure, field) for figure in figures]

    def _weighed(self, figure: Figure, field: str) -> Figure:
        sure = figure.value is not None and figure.weight > Weight.MENTIONED
        if not sure or not self.strange(Span(figure.start, figure.end, figure.text), field):
            return figure
        wanted = LOOKED_FOR.get(field)
        clause = around(self._clauses, figure.start)
        expected = wanted is None or wanted.search(clause.text)
        return replace(figure, weight=Weight.UNCLEAR if expected else Weight.MENTIONED)

    def strange(self, figure: Span, field: str) -> tuple[str, ...]:
        """Words beside a figure that may change what it means for the field."""
        clause = around(self._clauses, figure.start)
        here = self._unknown(clause.start, clause.end, field)
        if here and self._is_a_limit(clause, figure, field, here):
            here = ()
        if here and (start := self._behind_what_runs(clause, figure, field)):
            here = self._unknown(start, clause.end, field)
        return (*here, *self._no_limit(clause, figure, field), *self._beside(clause, field))

    def _no_limit(self, clause: Span, figure: Span, field: str) -> Iterator[str]:
        """What makes a figure of one thing out of several, of something's price, or of a question."""
        if field in {"hours", "budget_usd"} and (per := FOR_EACH.match(self._prose, figure.end)):
            yield per[0]
        if field == "budget_usd" and (price := A_PRICE.search(clause.text)) and not A_WISH.search(clause.text):
            yield price[0]
        if field == "budget_usd" and _AT.search(self._rest, clause.start, figure.start):
            yield "at"
        yield from _SIGNS[field].findall(self._rest, clause.start, clause.end)
        sentence = around(self._sentences, clause.start)
        if sentence.text.rstrip().endswith("?") and not A_REQUEST.search(sentence.text):
            yield "?"

    def _unknown(self, start: int, end: int, field: str) -> tuple[str, ...]:
        words = _WORD.findall(self._rest, start, end)
        return tuple(word for word in words if word.lower() not in HARMLESS[field])

    def _is_a_limit(self, clause: Span, figure: Span, field: str, unknown: tuple[str, ...]) -> bool:
        """Money right behind `at most` is one, whoever says so."""
        if field != "budget_usd" or not A_LIMIT.search(self._prose, clause.start, figure.start):
            return False
        return not any(
            pattern.fullmatch(word) for word in unknown for pattern in (CHANGES, QUALIFIES, _OF_MORE)
        ) and not any(map(numbers, unknown))

    def _behind_what_runs(self, clause: Span, figure: Span, field: str) -> int:
        """Where the last command or script before a figure ends; 0 where what stands before that may still count.

        What `train the smoke detector with train.py on a 4090` is about does not matter to the card.
        """
        runs = [one for one in self._runs if clause.start <= one.start and one.end <= figure.start]
        if not runs or QUALIFIES.search(self._prose, clause.start, runs[-1].start):
            return 0
        if field == "accelerators":
            return runs[-1].end
        words = _WORD.findall(self._rest, runs[-1].end, clause.end)
        only_where = all(map(_WHERE_AND_HOW_LONG.fullmatch, words))
        return runs[-1].end if only_where and _DONE_WITH.search(self._prose[clause.start : runs[-1].start]) else 0

    def _beside(self, clause: Span, field: str) -> Iterator[str]:
        """What stands around a clause: in its sentence, up to the next figure, and in the sentence behind it."""
        sentence = around(self._sentences, clause.start)
        parts = [one for one in self._clauses if sentence.start <= one.start < sentence.end and one != clause]
        before, after = ([one for one in parts if (one.start < clause.start) is side] for side in (True, False))
        for beside in (reversed(before), after):
            for part in beside:
                yield from self._said_of_it(part, clause, field)
                if "\x00" in self.unread[part.start : part.end]:
                    break
                yield from QUALIFIES.findall(part.text)
        if (
            after
            and _TAKEN_BACK.fullmatch(after[0].text)
            and not _COUNTS.search(self._prose, after[0].end, sentence.end)
        ):
            yield after[0].text
        if after:
            yield from SCALES.findall(self.unread, after[0].start, after[0].end)
        else:
            yield from self._behind(sentence)

    def _behind(self, sentence: Span) -> Iterator[str]:
        """What the next sentence makes of a figure."""
        at = bisect_right(self._sentences, sentence.start, key=lambda one: one.start)
        for following in self._sentences[at : at + 1]:
            yield from SCALES.findall(self.unread, following.start, following.end)
            if SPEAKS_OF_IT.match(following.text):
                yield from QUALIFIES.findall(following.text)

    def _said_of_it(self, part: Span, clause: Span, field: str) -> Iterator[str]:
        """`two at most`, behind `an hour`: a number that is no other thing's. Of GPUs, `or something else`."""
        if field == "accelerators":
            yield from _OR.findall(part.text)
            return
        if "\x00" in self.unread[part.start : part.end] or _CORRECTED.search(self._prose, clause.end, part.end):
            return
        words = _WORD.findall(self._rest, part.start, part.end)
        known = all(word.lower() in HARMLESS[field] or numbers(word) for word in words)
        for word, following in zip_longest(words, words[1:], fillvalue=""):
            ends = not following or following.lower() in HARMLESS[field]
            if numbers(word) - {1} and (known or (word.isalpha() and ends)):
                yield word


def _without(text: str, pattern: re.Pattern[str]) -> str:
    return blanked(text, (Span(match.start(), match.end(), match[0]) for match in pattern.finditer(text)))


def _limits(text: str) -> Iterator[Span]:
    """`not` and `more than`, wherever they stand in `shouldn't cost more than`."""
    for limited in LIMITED.finditer(text):
        for match in OF_A_LIMIT.finditer(text, limited.start(), limited.end()):
            yield Span(match.start(), match.end(), match[0])
