"""The job's log on a page: its end, and then what comes, each byte once; bytes from outside, made harmless."""

import codecs
import re
from dataclasses import dataclass, field
from os import stat_result

from agent.chat.web.live import Piece
from agent.chat.web.templates import text
from agent.folders import RunFolder
from policies.printable import overwritten, printable

MOST_BYTES = 64 * 1024
"""Of the log's end, on a page that is loaded."""
MOST_GROWN = 4 * MOST_BYTES
"""What a page may have of it before it gets only the end again."""

_UNFINISHED_ESCAPE = re.compile(r"\x1b(\[[0-9;?]{0,32}|[\]PX^_][ -~]{0,256})?\Z")


@dataclass(frozen=True, slots=True)
class Span:
    """What a page has of a log: the file, and from which byte to which."""

    file: int
    start: int
    end: int

    @property
    def token(self) -> str:
        """As a cursor carries it."""
        return f"{self.file:x}-{self.start}-{self.end}"

    @classmethod
    def of(cls, token: str) -> "Span | None":
        """None for what is no token of ours."""
        file, _, span = token.partition("-")
        start, _, end = span.partition("-")
        if not (start.isdecimal() and end.isdecimal() and re.fullmatch("[0-9a-f]{1,32}", file)):
            return None
        return cls(int(file, 16), int(start), int(end))


@dataclass(frozen=True, slots=True)
class JobLog:
    """The log so far; a part of its run's page."""

    folder: RunFolder
    file: int
    size: int
    _rendered: dict[str, Piece | None] = field(default_factory=dict, compare=False)
    key: str = "log"

    @property
    def token(self) -> str:
        """Of a page that was loaded now."""
        return self.end()[1].token

    def since(self, token: str) -> Piece | None:
        """What was appended; or the end of it anew, where the log is another one or the page has enough."""
        if token not in self._rendered:
            self._rendered[token] = self._since(Span.of(token))
        return self._rendered[token]

    def end(self) -> tuple[str, Span]:
        """The last of it, from the beginning of a line."""
        start = max(0, self.size - MOST_BYTES)
        shown, upto = _shown(self._read(start), first=start > 0)
        return shown, Span(self.file, start, start + upto)

    def _since(self, has: Span | None) -> Piece | None:
        if has is None or has.file != self.file or has.end > self.size or self.size - has.start > MOST_GROWN:
            if has is None and not self.size:
                return None
            shown, span = self.end()
            return Piece("log-anew", text("log.html", log=shown), span.token)
        shown, upto = _shown(self._read(has.end), first=False)
        if not upto:
            return None
        return Piece(self.key, text("log_more.html", more=shown), Span(self.file, has.start, has.end + upto).token)

    def _read(self, start: int) -> bytes:
        try:
            with self.folder.log.open("rb") as file:
                file.seek(start)
                return file.read(self.size - start)
        except OSError:
            return b""


def log_of(folder: RunFolder) -> JobLog:
    """As it stands now; a later pod's log is another file."""
    stat = log_stat(folder)
    return JobLog(folder, stat.st_ino if stat else 0, stat.st_size if stat else 0)


def log_stat(folder: RunFolder) -> stat_result | None:
    """None where there is no log."""
    try:
        return folder.log.stat()
    except OSError:
        return None


def _shown(data: bytes, *, first: bool) -> tuple[str, int]:
    """Text for a page, and of how many bytes: neither a letter nor an escape is cut in two.

    Args:
        first: what comes before the first line end is the rest of a line, and left out.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoded = decoder.decode(data)
    upto = len(data) - len(decoder.getstate()[0])
    if unfinished := _UNFINISHED_ESCAPE.search(decoded):
        upto -= len(unfinished[0].encode())
        decoded = decoded[: unfinished.start()]
    if first and "\n" in decoded:
        decoded = decoded.partition("\n")[2]
    return overwritten(printable(decoded, colours=False)), upto
