"""Local folders packed for a pod: the same folder always gives the same archive."""

import gzip
import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tools.errors import TransferFailed
from tools.ports import Packed
from tools.ssh.ignores import Ignores
from tools.ssh.receive import STAGING

_PIECE = 1 << 20
_PLAIN = 0o644
_EXECUTABLE = 0o755


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    path: Path
    link: str | None = None


def snapshot(folder: Path, archive: Path, at_home: frozenset[Path] = frozenset()) -> Packed:
    """Pack `folder` into `archive` (`.tar.gz`), leaving out `.git/` and what `.skyignore` (else `.gitignore`) names.

    Links that stay in the folder are kept as links; those that leave it, sockets, pipes and devices are skipped and
    named, as are the resolved paths of `at_home`. A file that grows meanwhile is packed with the size it had.

    Raises:
        TransferFailed: `folder` is no folder, or a file in it can't be read.
    """
    if not folder.is_dir():
        raise TransferFailed(f"{folder} is not a folder")
    skipped: list[str] = []
    return _pack(_members(folder.resolve(), at_home, skipped), skipped, archive)


def pack(source: Path, archive: Path, name: str | None = None, *, at_home: frozenset[Path] = frozenset()) -> Packed:
    """Pack a folder as `snapshot` does, or a single file under `name` (else its own name).

    Raises:
        TransferFailed: `source` is neither, or can't be read.
    """
    if source.is_dir():
        return snapshot(source, archive, at_home)
    if not source.is_file():
        raise TransferFailed(f"{source} is neither a file nor a folder")
    if source.resolve() in at_home:
        raise TransferFailed(f"{source} must stay here")
    return _pack(iter([_Member(name or source.name, source.resolve())]), [], archive)


def pack_files(folder: Path, archive: Path) -> Packed:
    """Pack every plain file below `folder`, whatever it is named; links are not followed, nor is what is half fetched.

    Raises:
        TransferFailed: a file can't be read.
    """
    return _pack(_plain_files(folder), [], archive)


def _plain_files(root: Path) -> Iterator[_Member]:
    for parent, folders, files in os.walk(root, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if name != STAGING)
        paths = [Path(parent, name) for name in sorted(files)]
        yield from (_Member(path.relative_to(root).as_posix(), path) for path in paths if _is_plain(path))


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _members(root: Path, at_home: frozenset[Path], skipped: list[str]) -> Iterator[_Member]:
    """Files and links below `root` in a fixed order; folders only as far as they hold something."""
    ignores = Ignores(root)
    for parent, folders, files in os.walk(root, onerror=_unreadable):
        here = Path(parent)
        ignores.enter(here)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in links and not ignores.folder(here / name))
        for name in sorted(files + links):
            path = here / name
            if path.resolve() in at_home:
                skipped.append(f"{path.relative_to(root).as_posix()}: it stays at home, for the secrets in it")
            elif not ignores.file(path):
                yield from _member(path, root, skipped)


def _member(path: Path, root: Path, skipped: list[str]) -> Iterator[_Member]:
    name = path.relative_to(root).as_posix()
    if path.is_symlink():
        target = path.readlink()
        if target.is_absolute() or not path.resolve().is_relative_to(root):
            skipped.append(f"{name}: a link that leaves the folder")
        else:
            yield _Member(name, path, str(target))
    elif path.is_file():
        yield _Member(name, path)
    else:
        skipped.append(f"{name}: a pipe, socket or device")


def _unreadable(error: OSError) -> None:
    raise TransferFailed(f"{error.filename} can't be read: {error.strerror}") from error


def _pack(members: Iterator[_Member], skipped: list[str], archive: Path) -> Packed:
    digest, files, size = hashlib.sha256(), 0, 0
    try:
        with (
            archive.open("wb") as file,
            gzip.GzipFile("", "wb", compresslevel=3, fileobj=file, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            for member in members:
                info, content = _add(tar, member)
                digest.update(f"{len(os.fsencode(member.name))} {info.mode:o} {content} ".encode())
                digest.update(os.fsencode(member.name))
                files, size = files + 1, size + info.size
    except OSError as exc:
        raise TransferFailed(f"{exc.filename or archive} can't be packed: {exc.strerror or exc}") from exc
    return Packed(digest.hexdigest(), files, size, tuple(skipped))


def _add(tar: tarfile.TarFile, member: _Member) -> tuple[tarfile.TarInfo, str]:
    """Write one member; returns its header and the digest of its content."""
    info = tarfile.TarInfo(member.name)
    if member.link is not None:
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, member.link, 0o777
        tar.addfile(info)
        return info, hashlib.sha256(os.fsencode(member.link)).hexdigest()
    with member.path.open("rb") as file:
        status = os.fstat(file.fileno())
        info.size, info.mode = status.st_size, _EXECUTABLE if status.st_mode & stat.S_IXUSR else _PLAIN
        content = _Hashed(file, info.size)
        tar.addfile(info, content)
    return info, content.hexdigest


class _Hashed:
    """Reads at most `size` bytes and hashes them on the way."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size
        self._digest = hashlib.sha256()

    def read(self, count: int = _PIECE, /) -> bytes:
        data = self._file.read(min(count, self._left))
        self._left -= len(data)
        self._digest.update(data)
        return data

    @property
    def hexdigest(self) -> str:
        return self._digest.hexdigest()
