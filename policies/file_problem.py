"""What is wrong with a file a human wrote, said so that it can be mended without reading our code."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from policies.text import clean


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing wrong in one place.

    Attributes:
        line: counted from 1, or None where it can't be found.
        field: dotted, e.g. `resources.vram_gb`, or "" for the whole file.
    """

    file: str
    line: int | None
    field: str
    expected: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self._where}: expected {self.expected}, found {self.found}. {self.remedy}"

    def unquoted(self) -> str:
        """The same without what was found: no value of a file that may be none of this kind is shown to others."""
        return f"{self._where}: expected {self.expected}. {self.remedy}"

    @property
    def _where(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {clean(self.field, 100)}" if self.field else place


class FileError(ValueError):
    """A file that can't be used; its text is every problem, one a line."""

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def shown(text: str) -> str:
    """`text` from outside as it may be shown: quoted, invisible characters escaped, at most 60 characters."""
    return repr(text if len(text) <= 60 else text[:59] + "…")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The remedy for a name nobody knows."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else f"Remove it, or use one of: {', '.join(known)}."
