"""The file that a process' policy was read from: a running process keeps what it read when it began."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A file as it was read.

    Attributes:
        digest: of what stood in it; "" where there was none to be read.
    """

    path: Path
    digest: str

    @classmethod
    def at(cls, path: Path) -> "PolicyFile":
        """As it is now."""
        return cls(path, _digest(path))

    def mark(self) -> tuple[int, int, int] | None:
        """Another one whenever the file was written since; costs next to nothing."""
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_size, stat.st_mtime_ns

    def changed(self) -> bool:
        """Whether something else stands in it now."""
        return _digest(self.path) != self.digest


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
