"""The near end of a fetch: bytes in the order that was asked for, cut at the manifest's sizes, checked, put in place.

The pod sends contents only; names, sizes and order are ours. So there is no archive to be parsed, and nothing a pod
sends can name a path, a link or a device.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from policies.text import counted
from tools.errors import TransferFailed
from tools.ssh.gunzip import Gunzip
from tools.ssh.listing import Wanted, local_name

STAGING = ".swineherd-partial"
_SPARE_BYTES = 64 << 20


class Receiver:
    """Takes the gzipped stream of `tools.ssh.remote_files.SEND` and leaves whole, checked files below `into`."""

    def __init__(self, into: Path, wanted: Sequence[Wanted]) -> None:
        self._into = into
        self._staging = into / STAGING
        self._queue = iter(wanted)
        self._gunzip = Gunzip()
        self._current: Wanted | None = None
        self._left = 0
        self._digest = hashlib.sha256()
        self._file: BinaryIO | None = None
        self.changed: list[str] = []

    def __enter__(self) -> Self:
        with _disk():
            shutil.rmtree(self._staging, ignore_errors=True)
            self._staging.mkdir(mode=0o700)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        shutil.rmtree(self._staging, ignore_errors=True)

    def feed(self, data: bytes) -> None:
        """Take a piece of the stream.

        Raises:
            TransferFailed: it is no gzip, holds more than was asked for, or this disk can't take it.
        """
        for plain in self._gunzip.pieces(data):
            with _disk():
                self._take(memoryview(plain))

    def finish(self) -> None:
        """After the last piece.

        Raises:
            TransferFailed: something is missing, or files are not what the manifest said (those are not in place).
        """
        with _disk():
            self._take(memoryview(b""))
        if self._current is not None or not self._gunzip.whole:
            raise TransferFailed("the connection ended in the middle of the outputs")
        if self.changed:
            names = ", ".join(local_name(name) for name in self.changed[:5])
            raise TransferFailed(f"{counted(len(self.changed), 'file')} changed while being fetched: {names}")

    def _take(self, plain: memoryview) -> None:
        """Cut at file boundaries; also steps over empty files, of which no byte ever comes."""
        while self._current is not None or self._next():
            piece, plain = plain[: self._left], plain[self._left :]
            assert self._file is not None
            self._file.write(piece)
            self._digest.update(piece)
            self._left -= len(piece)
            if self._left:
                return
            self._close()
        if plain:
            raise TransferFailed("the pod sent more than it was asked for")

    def _next(self) -> bool:
        self._current = next(self._queue, None)
        if self._current is None:
            return False
        self._left = self._current.size
        self._digest = hashlib.sha256()
        self._file = (self._staging / "file").open("wb")
        return True

    def _close(self) -> None:
        assert self._file is not None
        assert self._current is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        done, self._current = self._current, None
        if self._digest.hexdigest() != done.sha256:
            self.changed.append(done.source)
            return
        (self._staging / "file").chmod(0o755 if done.executable else 0o644)
        for target in done.targets[1:]:
            shutil.copy(self._staging / "file", self._staging / "copy")
            put(self._staging / "copy", self._into, target)
        put(self._staging / "file", self._into, done.targets[0])


def put(file: Path, into: Path, target: str) -> None:
    """Move a finished file to `into/target`, atomically.

    Raises:
        TransferFailed: something that is no plain folder is in the way; links are not followed.
    """
    place = into / target
    if not place.is_relative_to(into) or ".." in place.parts or Path(target).parts[:1] == (STAGING,):
        raise TransferFailed(f"refusing to write {local_name(target)}")
    for parent in reversed(place.relative_to(into).parents):
        folder = into / parent
        if folder.is_symlink() and folder != into:
            raise TransferFailed(f"{local_name(str(folder))} is a link; outputs are not written through it")
        folder.mkdir(exist_ok=True)
    file.replace(place)


def already_here(into: Path, wanted: Wanted) -> bool:
    """Whether every copy of a file is in place from an earlier fetch, bytes compared by digest."""
    return all(_matches(into / target, wanted) for target in wanted.targets)


def _matches(path: Path, wanted: Wanted) -> bool:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size != wanted.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == wanted.sha256
    except OSError:
        return False


def require_room(into: Path, wanted: Sequence[Wanted]) -> None:
    """Make `into` and see that this disk can take the files.

    Raises:
        TransferFailed: it can't; both figures are named.
    """
    with _disk():
        into.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(into).free
    need = sum(entry.size * len(entry.targets) for entry in wanted)
    if need + _SPARE_BYTES > free:
        needed = f"the outputs need {need / 2**20:.1f} MiB with {_SPARE_BYTES >> 20} MiB to spare"
        raise TransferFailed(f"{needed}, and the disk of {into} has {free / 2**20:.1f} MiB left")


@contextmanager
def _disk() -> Iterator[None]:
    """Maps this machine's disk errors."""
    try:
        yield
    except OSError as exc:
        raise TransferFailed(f"this machine could not store the outputs: {exc.strerror or exc}") from exc
