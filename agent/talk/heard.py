"""What a model says, made fit for a human's screen as it comes: whole words, without links or control characters."""

import re
from collections.abc import Callable

from policies.printable import printable
from policies.spoken import without_addresses

_LAST_WORD = re.compile(r"\S*\Z")


class Heard:
    """Passes on what is whole.

    Args:
        show: given words with the blanks and line ends between them.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._open = ""

    def add(self, piece: str) -> None:
        """More of it: the last word may go on, and is kept back."""
        text = self._open + piece
        whole = _LAST_WORD.search(text)
        end = whole.start() if whole else len(text)
        self._open = text[end:]
        self._pass_on(text[:end])

    def end(self) -> None:
        """All is there."""
        self._pass_on(self._open)
        self._open = ""

    def _pass_on(self, text: str) -> None:
        if text:
            # A carriage return would begin the line anew, over the mark that says whose it is.
            self._show(without_addresses(printable(text.replace("\r", ""), colours=False)))
