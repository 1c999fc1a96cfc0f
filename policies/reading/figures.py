"""A figure in a text: what it measures, and whether it can be what the job is about."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import IntEnum

from policies.reading.numerals import NUMBER, value_of


class Weight(IntEnum):
    """How surely a figure is about the job."""

    OF_SOMETHING_ELSE = 0
    LIKELY = 1
    SAID = 2


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit.

    Attributes:
        value: None where the number may mean two things.
        unit: of `value`; `""` where it can't be used (another currency, a price by the hour).
    """

    value: Decimal | None
    unit: str
    start: int
    end: int
    text: str
    weight: Weight


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a figure can't be known."""

    words: str


_CORRECTION = re.compile(
    r"\b(?:no|nope|actually|sorry|scratch that|make (?:it|that)|correction|edit|update|oder nein|nein|doch lieber|"
    r"lieber|besser gesagt|non|en fait|plutôt|pardon|mejor dicho|mejor|perdón|perdon)\b(?![^,.\n]*\bmore than\b)",
    re.IGNORECASE,
)
_BARE = re.compile(rf"\b(?:make (?:it|that)|lieber|mejor|plutôt|actually|nein|no|non)\s*,?\s*({NUMBER})", re.IGNORECASE)


def settled(figures: Iterable[Figure], prose: str) -> Figure | Doubt | None:
    """The one figure that counts; a doubt where two contradict each other, None where there is none."""
    mine = [figure for figure in figures if figure.weight is not Weight.OF_SOMETHING_ELSE]
    if not mine:
        return None
    strongest = max(figure.weight for figure in mine)
    said = [figure for figure in mine if figure.weight is strongest]
    corrected = _corrected(mine, prose)
    if corrected is not None:
        return corrected
    if any(figure.value is None for figure in said):
        unclear = next(figure for figure in said if figure.value is None)
        return Doubt(f"{unclear.text.strip()!r} can be read in two ways")
    values = {(figure.value, figure.unit) for figure in said}
    if len(values) > 1:
        return Doubt(" or ".join(repr(figure.text.strip()) for figure in said) + ": which of them?")
    return said[0]


def _corrected(figures: list[Figure], prose: str) -> Figure | None:
    """`two hours, no, make it three` is three hours."""
    last = max(figures, key=lambda figure: figure.start)
    first = min(figures, key=lambda figure: figure.start)
    if last is not first and _CORRECTION.search(prose, first.end, last.start):
        return last
    bare = _BARE.search(prose, last.end)
    if bare is None or len(re.findall(r"[.!?\n]", prose[last.end : bare.start()])) > 1:
        return None
    value = value_of(bare[1])
    return None if value is None else replace(last, value=value * _scale(last), text=bare[0], start=bare.start())


def _scale(figure: Figure) -> Decimal:
    """What one of its written units is, in the unit of its value."""
    written = re.match(NUMBER, figure.text.strip(" ~$"), re.IGNORECASE)
    number = None if written is None else value_of(written[0])
    return Decimal(1) if not number or figure.value is None else figure.value / number
