"""A figure in a text: what it measures, and whether it can be what the job is about."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import IntEnum

from policies.reading.numerals import NUMBER, value_of
from policies.reading.words import phrases


class Weight(IntEnum):
    """How surely a figure is about the job."""

    OF_SOMETHING_ELSE = 0
    MENTIONED = 1
    """Beside words that may mean anything, and where no figure of this kind is expected."""
    UNCLEAR = 2
    """Beside such words, where one is."""
    LIKELY = 3
    SAID = 4


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit.

    Attributes:
        value: in `unit`; None where the number may mean two things.
        start: where it stands in the text; `end` is behind it.
    """

    value: Decimal | None
    unit: str
    start: int
    end: int
    text: str
    weight: Weight


MOST = 100
"""Figures of one kind; where there are more, none of them is known to be the job's."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a figure can't be known.

    Attributes:
        value: the one that it probably has; None where it could have several.
    """

    words: str
    value: Decimal | None = None


REPLACED_BY = r"(?<!\w)(?:no|nope|nein|non)\s*[,–—-]|" + phrases(
    "actually, sorry, rather, scratch that, make it, make that, correction, edit, update",
    "oder nein, doch lieber, doch eher, lieber, eher, besser gesagt, korrektur",
    "en fait, plutôt, pardon",
    "mejor dicho, mejor, perdón, perdon",
)
_CORRECTION = re.compile(REPLACED_BY, re.IGNORECASE)
_BARE = re.compile(
    rf"(?:{REPLACED_BY})[\s,]*(?:\w+\s+){{0,2}}?(?P<number>{NUMBER})(?![0-9.,]*[0-9])\s*"
    r"(?=[.,;!?)\n]|$|please\b|bitte\b)",
    re.IGNORECASE,
)


def settled(figures: Iterable[Figure], prose: str) -> Figure | Doubt | None:
    """The one figure that counts; a doubt where two contradict each other, None where there is none."""
    mine = [figure for figure in figures if figure.weight is not Weight.OF_SOMETHING_ELSE]
    if not mine:
        return None
    corrected = _corrected(mine, prose)
    if corrected is not None:
        return corrected if corrected.weight >= Weight.LIKELY else _whether(corrected)
    strongest = max(figure.weight for figure in mine)
    said = [figure for figure in mine if figure.weight in {strongest, Weight.UNCLEAR, Weight.MENTIONED}]
    unclear = next((figure for figure in said if figure.value is None), None)
    if unclear is not None:
        return Doubt(f"{unclear.text.strip()!r} can be read in two ways")
    if len({(figure.value, figure.unit) for figure in said}) > 1:
        return Doubt(" or ".join(repr(figure.text.strip()) for figure in said) + ": which of them?")
    return said[0] if strongest >= Weight.LIKELY else _whether(said[0])


def _whether(figure: Figure) -> Doubt:
    return Doubt(f"is it {figure.text.strip()!r}?", figure.value)


def _corrected(figures: list[Figure], prose: str) -> Figure | None:
    """`two hours, no, make it three` is three hours, and so is `two hours, sorry, three hours`."""
    first = min(figures, key=lambda figure: figure.start)
    last = max(figures, key=lambda figure: figure.start)
    if last is not first and _CORRECTION.search(prose, first.end, last.start):
        return last
    bare = _BARE.search(prose, last.end)
    if bare is None or len(re.findall(r"[.!?\n]", prose[last.end : bare.start()])) > 1:
        return None
    value = value_of(bare["number"])
    return None if value is None else replace(last, value=value * _scale(last), text=bare[0], start=bare.start())


def _scale(figure: Figure) -> Decimal:
    """One of its written units, in the unit of its value: a sixtieth for minutes."""
    written = re.search(NUMBER, figure.text, re.IGNORECASE)
    number = None if written is None else value_of(written[0])
    return Decimal(1) if not number or figure.value is None else figure.value / number
