"""Lines that end before the terminal's edge: each that follows one begins with its mark as well."""

import re
from collections.abc import Callable

NARROWEST = 20
TAB = 4
"""Cells: how wide a terminal's own would be depends on where it stands."""

_PIECES = re.compile(r"\n|[^\S\n]+|\S+")


class Margin:
    """Lays text out from where the last one ended.

    A terminal that breaks a line by itself goes on at its left edge, where a mark of ours would be.

    Args:
        width: cells of a line now; None: nothing is broken.
    """

    def __init__(self, width: Callable[[], int | None]) -> None:
        self._width = width
        self._column = 0

    def laid(self, text: str, mark: str, *, whole_words: bool = False) -> str:
        """The text, with the mark before each line.

        Args:
            whole_words: a word that is wider than the line is left to the terminal, as a link has to be.
        """
        pieces = _PIECES.findall(text.expandtabs(TAB))
        return "".join(self._piece(piece, mark, whole=whole_words) for piece in pieces)

    def _piece(self, piece: str, mark: str, *, whole: bool) -> str:
        if piece == "\n":
            return self.begun(mark) + self.ended()
        broken = ""
        if not self._has_room(_cells(piece)) and self._column > _cells(mark):
            broken, piece = self.ended(), piece.strip()
        return broken + "".join(self._letter(letter, mark, whole=whole) for letter in piece)

    def _letter(self, letter: str, mark: str, *, whole: bool) -> str:
        broken = "" if whole or self._has_room(_cells(letter)) else self.ended()
        begun = self.begun(mark)
        self._column += _cells(letter)
        return broken + begun + letter

    def ended(self) -> str:
        """The end of the line, if one has begun."""
        begun, self._column = self._column > 0, 0
        return "\n" if begun else ""

    def begun(self, mark: str) -> str:
        """The mark, where nothing is on the line yet."""
        if self._column:
            return ""
        self._column = _cells(mark)
        return mark

    def _has_room(self, cells: int) -> bool:
        width = self._width()
        return width is None or self._column + cells <= max(width, NARROWEST)


def _cells(text: str) -> int:
    from prompt_toolkit.utils import get_cwidth

    return get_cwidth(text)
