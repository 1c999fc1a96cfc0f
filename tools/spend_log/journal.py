"""`orders.jsonl`: every order id, in plain text beside the database. A lost order id is a machine nobody can stop."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

_FLUSH_DISK: int | None = getattr(fcntl, "F_FULLFSYNC", None)


@dataclass(frozen=True, slots=True)
class Line:
    """One record.

    Attributes:
        order_id: "" where only the head of the history is witnessed.
        at: RFC 3339, UTC.
        head: of the history when the line was written.
    """

    order_id: str
    run_id: str
    charge_id: str
    at: str
    head: str


class Journal:
    """Appends durably; reads back whatever survived."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, line: Line) -> None:
        """Add one line; it is on the disk when this returns.

        Raises:
            OSError: it can't be written.
        """
        fd = os.open(self.path, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
        try:
            start = "" if self._ends_whole(fd) else "\n"
            data = f"{start}{json.dumps(asdict(line), ensure_ascii=False)}\n".encode()
            if os.write(fd, data) != len(data):
                raise OSError(28, "only a part of the line was written", str(self.path))
            _flush(fd)
        finally:
            os.close(fd)

    def lines(self) -> list[tuple[int, Line]]:
        """The readable lines with their numbers; torn ones, as a power cut leaves them, are passed over."""
        if not self.path.exists():
            return []
        texts = self.path.read_text(encoding="utf-8", errors="replace").split("\n")
        parsed = ((number, _parse(text)) for number, text in enumerate(texts, 1))
        return [(number, line) for number, line in parsed if line is not None]

    def create(self) -> None:
        """Make the file, and its name in the folder durable, before anything depends on it."""
        if self.path.exists():
            return
        os.close(os.open(self.path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @staticmethod
    def _ends_whole(fd: int) -> bool:
        size = os.fstat(fd).st_size
        return size == 0 or os.pread(fd, 1, size - 1) == b"\n"


def _flush(fd: int) -> None:
    """Macs keep `fsync` in the disk's own cache; there it takes another call to reach the disk."""
    if _FLUSH_DISK is None:
        os.fsync(fd)
    else:
        fcntl.fcntl(fd, _FLUSH_DISK)


def _parse(text: str) -> Line | None:
    try:
        record = json.loads(text)
        return Line(**{name: str(record[name]) for name in Line.__slots__})
    except (ValueError, KeyError, TypeError):
        return None
