"""Small charts as plain values: points and sizes for inline SVG; no style, no script, no text from outside."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 240
HEIGHT = 48


@dataclass(frozen=True, slots=True)
class Line:
    """A line of percentages, the latest at the right.

    Attributes:
        points: as `<polyline points>` takes them.
        words: the same for who can't see it.
    """

    points: str
    words: str
    width: int = WIDTH
    height: int = HEIGHT


def line_of(figures: Sequence[int]) -> Line:
    """Of figures from 0 to 100."""
    if not figures:
        return Line("", "no figures yet")
    step = WIDTH / max(len(figures) - 1, 1)
    bounded = [min(max(figure, 0), 100) for figure in figures]
    points = " ".join(
        f"{number * step:.1f},{HEIGHT - figure * HEIGHT / 100:.1f}" for number, figure in enumerate(bounded)
    )
    words = f"{bounded[-1]} % now, between {min(bounded)} % and {max(bounded)} % in the last {len(figures)} looks"
    return Line(points, words)


@dataclass(frozen=True, slots=True)
class Bar:
    """How much of a cap is used.

    Attributes:
        spent, held: widths out of 100; both together never more.
    """

    spent: int
    held: int


def bar_of(spent: int, held: int, cap: int) -> Bar:
    """Of cents; a cap of zero counts as used up."""
    if cap <= 0:
        return Bar(100, 0)
    used = min(100, round(100 * spent / cap))
    return Bar(used, min(100 - used, round(100 * held / cap)))
