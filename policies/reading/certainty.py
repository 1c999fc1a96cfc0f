"""Whether a figure is surely what it seems to be, by the words beside it.

A rule knows what it looks for, and not what else a text may say: `any card but`, `of footage`, `a fold`. So a figure
is asked about beside words that may change it; beside words that nobody knows, where they touch it or where nothing
in its clause says whose it is.
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
    COMPARED,
    FOR_EACH,
    FOREIGN,
    IDIOMS,
    LIMITED,
    LOOKED_FOR,
    MORE,
    OF_A_LIMIT,
    OF_ANYTHING,
    QUALIFIES,
    SCALES,
    SPEAKS_OF_IT,
)
from policies.reading.roles import is_of_what_it_does, is_the_jobs
from policies.reading.suspicious import is_suspicious
from policies.reading.words import ends_with, one_of, phrases

_WORD = re.compile(r"[^\W_]+")
_LAST_WORD = re.compile(
    r"(?<![^\W_])([^\W_]+)(?:['’]s)?[\s-]*(?:\s(?:of|von|de|d['’])\s*(?:(?:the|an?|der|einer|la|une?|una)\s+)?)?\Z",
    re.IGNORECASE,
)
_ARTICLE = one_of("a, an, the", "ein, eine, einen, einem, einer, der, die, das, dem, den", "un, une, la, le", "una, el")
_NEXT_WORD = re.compile(r"[\s-]*([^\W_]+)")
_BEFORE_A_FIGURE = re.compile(r"([^\W_]+)[\s~]+(?=\x00)")
_LONGEST_WORD = 50
_ITEM = re.compile(r"(?m)^[ \t]*\(?[0-9]{1,2}[.)](?=[ \t])")
_BUT = re.compile(r"\W*(?:but|aber|doch|mais|pero)(?!\w)", re.IGNORECASE)
"""Where a clause begins with it, it leaves nothing out."""
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
_OR_SEVERAL = re.compile(
    r"^\W*((?:or|oder|ou|o)(?!\w)|(?:both|beide|(?:toutes\s+)?les\s+deux|ambas)\s+(?:in|im|on|auf|dans|sur|en|together|zusammen)(?!\w))",
    re.IGNORECASE,
)
"""`or something else`, `both in one machine`."""
_COUNTS = re.compile(NUMBER, re.IGNORECASE)
_OF_MORE = re.compile(MORE, re.IGNORECASE)
_AT = re.compile(r"\x00\s*(?:at|@|à|a|zu(?:\s+je)?)\s*$", re.IGNORECASE)
"""`three hours at 80 cents`."""
_STRUCK = r"~~|<!--|-->|[≠✗✘✕❌×%^]|!(?=[^\s!])"
_ABOVE = r"(?<![-=])>|≥|\S[ \t]*\+"
"""At the start of a line a plus is a bullet."""
_SIGNS = {
    "hours": re.compile(f"{_STRUCK}|{_ABOVE}"),
    "budget_usd": re.compile(f"{_STRUCK}|{_ABOVE}|@"),
    "vram_gb": re.compile(rf"{_STRUCK}|(?<![-=])>(?!=)"),
    "accelerators": re.compile(f"{_STRUCK}|{_ABOVE}"),
}
_ABOUT = re.compile(r"[~≈]\s*\Z")
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
        one_amount: the text has one amount of money, whose clause need not say that it is the limit: taken for one
            it can only forbid what a policy would allow.
    """

    def __init__(
        self,
        prose: str,
        known: Iterable[Span],
        sizes: Iterable[Span],
        commands: Iterable[Span],
        *,
        one_amount: bool = False,
    ) -> None:
        self._prose = prose
        self._one_amount = one_amount
        self._clauses, self._sentences = clauses(prose), sentences(prose)
        paths = [Span(match.start(), match.end(), match[0]) for match in _PATH.finditer(prose)]
        self._runs = sorted([*paths, *commands], key=lambda span: span.end)
        known = list(known)
        self._figures = {span.start for span in known} - {span.start for span in commands}
        rest = blanked(prose, known)
        chars = list(rest)
        for size in sizes:
            chars[size.start : size.end] = "\x01" * (size.end - size.start)
        self.unread = _without(_without("".join(chars), _PATH), _NAME).replace("\x01", "\x00")
        rest = _without(_without(self.unread, IDIOMS), _ITEM)
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
        here = self._strange(clause.start, clause.end, figure, field)
        if here and self._is_a_limit(clause, figure, field, here):
            here = ()
        if here and (start := self._behind_what_runs(clause, figure, field)):
            here = self._strange(start, clause.end, figure, field)
        return (*here, *self._no_limit(clause, figure, field), *self._beside(clause, field))

    def _no_limit(self, clause: Span, figure: Span, field: str) -> Iterator[str]:
        """What makes a figure of one thing out of several, of something's price, or of a question."""
        if field in {"hours", "budget_usd"} and (per := FOR_EACH.match(self._prose, figure.end)):
            yield per[0]
        if compared := COMPARED.match(self._prose, figure.end, clause.end):
            yield compared[0]
        if field == "budget_usd" and (price := A_PRICE.search(clause.text)) and not A_WISH.search(clause.text):
            yield price[0]
        if field == "budget_usd" and _AT.search(self._rest, clause.start, figure.start):
            yield "at"
        if field == "budget_usd":
            yield from self._of_a_currency(clause)
        if field == "accelerators":
            yield from _ABOUT.findall(self._rest, clause.start, figure.start)
        yield from _SIGNS[field].findall(self._rest, clause.start, clause.end)
        sentence = around(self._sentences, clause.start)
        if sentence.text.rstrip().endswith("?") and not A_REQUEST.search(sentence.text):
            yield "?"

    def _of_a_currency(self, clause: Span) -> list[str]:
        """`9 dollars, Canadian of course`."""
        at = bisect_right(self._sentences, clause.start, key=lambda one: one.start)
        end = self._sentences[at].end if at < len(self._sentences) else len(self._prose)
        return FOREIGN.findall(self._prose, around(self._sentences, clause.start).start, end)

    def _strange(self, start: int, end: int, figure: Span, field: str) -> tuple[str, ...]:
        """Words of a part of the text that may change the figure, or that nobody knows where that matters."""
        unknown = self._unknown(start, end, field)
        limit = field == "budget_usd" and self._one_amount and not OF_ANYTHING.search(self._prose, start, end)
        runs = field in {"hours", "accelerators"} and any(start <= one.start < end for one in self._runs)
        if not unknown or not (limit or runs or is_the_jobs(self._prose, start, end, figure, field)):
            return unknown
        touching = self._touching(figure, start, end, field)
        others = self._of_others(figure, start, end)
        return tuple(
            word for word in unknown if word in touching or (word not in others and is_suspicious(word, field))
        )

    def _unknown(self, start: int, end: int, field: str) -> tuple[str, ...]:
        but = _BUT.match(self._rest, start, end)
        words = _WORD.findall(self._rest, but.end() if but else start, end)
        return tuple(word for word in words if word.lower() not in HARMLESS[field])

    def _touching(self, figure: Span, start: int, end: int, field: str) -> set[str]:
        """The words right before a figure and right behind it, but for what the job does: `the job devours 2 hours`."""
        at = max(start, figure.start - _LONGEST_WORD)
        before = _LAST_WORD.search(self._rest, at, figure.start)
        behind = _NEXT_WORD.match(self._rest, figure.end, end)
        if before and field == "accelerators" and _ARTICLE.fullmatch(before[1]):
            before = _LAST_WORD.search(self._rest, at, before.start())
        if before and is_of_what_it_does(self._prose, start, before.start(), field):
            before = None
        return {match[1] for match in (before, behind) if match}

    def _of_others(self, figure: Span, start: int, end: int) -> set[str]:
        """Words that limit another figure: `two hours with at least 24 GB`."""
        words = _BEFORE_A_FIGURE.finditer(self._rest, start, end)
        return {match[1] for match in words if match.end() != figure.start and match.end() in self._figures}

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
        """`two at most`, behind `an hour`: a number that is no other thing's. Of GPUs, another one, or several."""
        if field == "accelerators":
            yield from _OR_SEVERAL.findall(part.text)
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
