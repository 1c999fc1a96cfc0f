"""What lies in a job's folder, as the pod lists it; links resolved here, names made fit for this machine."""

import posixpath
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from os import fsdecode
from pathlib import PurePosixPath

from tools.errors import TransferFailed

MOST_FILES = 200_000
MOST_NAMES = 2_000_000


@dataclass(frozen=True, slots=True)
class Listing:
    """Regular files below a folder, by the name they are shown under.

    Attributes:
        sources: name -> the path that holds its bytes; differs from the name below a link.
        executable: paths with the owner's execute bit.
        strays: links that lead out of the folder or nowhere.
    """

    sources: dict[str, str]
    executable: frozenset[str]
    strays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file to fetch: its path on the pod, where its copies go here, and what it must be."""

    source: str
    targets: tuple[str, ...]
    size: int
    sha256: str
    executable: bool = field(default=False, kw_only=True)


def parse_listing(output: bytes) -> Listing:
    """Read what `tools.ssh.remote_files.LIST` prints.

    Raises:
        TransferFailed: it is cut off, lists a name that leaves the folder, or `find` failed on the pod.
    """
    records = output.split(b"\0")
    if len(records) < 3 or records[-1] or records[-2] != b"0":
        raise TransferFailed("the pod could not list the job's folder; something in it may have just changed")
    sections = _sections(records[:-3])
    if len(sections) != 3:
        raise TransferFailed("the pod's list of files is not whole")
    files = sorted(_inside(record) for record in sections[0])
    if len(set(files)) != len(files):
        raise TransferFailed("the pod listed one file twice")
    names = {name: name for name in files}
    links = dict(_links(sections[2], fsdecode(records[-3])))
    strays = [link for link, target in links.items() if not _follow(link, target, names, files)]
    return Listing(names, frozenset(_inside(record) for record in sections[1]), tuple(strays))


def _sections(records: Sequence[bytes]) -> list[list[bytes]]:
    """Groups that each end with an empty record; a link's target may be empty too, so the third is the rest."""
    first = records.index(b"") if b"" in records else len(records)
    second = records.index(b"", first + 1) if b"" in records[first + 1 :] else len(records)
    if second >= len(records) or records[-1]:
        raise TransferFailed("the pod's list of files is not whole")
    return [list(records[:first]), list(records[first + 1 : second]), list(records[second + 1 : -1])]


def _inside(record: bytes) -> str:
    """A path of `find .` without its `./`."""
    name = fsdecode(record)
    path = name.removeprefix("./")
    plain = name.startswith("./") and posixpath.normpath(path) == path
    if not plain or path.startswith(("../", "/")) or path in {".", ".."}:
        raise TransferFailed("the pod listed a file outside of the job's folder")
    return path


def _links(records: Sequence[bytes], base: str) -> Iterator[tuple[str, str | None]]:
    """Each link and the path below `base` that it leads to, or None."""
    if len(records) % 2:
        raise TransferFailed("the pod's list of links is not whole")
    for link, resolved in zip(records[::2], records[1::2], strict=True):
        target = fsdecode(resolved)
        inside = target.startswith(base + "/")
        yield _inside(link), target[len(base) + 1 :] if inside else None


def _follow(link: str, target: str | None, names: dict[str, str], files: Sequence[str]) -> bool:
    """Show what `target` holds under `link` too; False when that is nothing below the folder."""
    if target is None:
        return False
    if target in names:
        names[link] = names[target]
        return True
    if PurePosixPath(link).is_relative_to(target):
        return False
    below = _below(target, files)
    names.update({link + path[len(target) :]: path for path in below})
    if len(names) > MOST_NAMES:
        raise TransferFailed("the links in the job's folder lead to too many files")
    return bool(below)


def _below(folder: str, files: Sequence[str]) -> list[str]:
    """The part of the sorted `files` that lies below `folder`."""
    prefix = folder + "/"
    first = bisect_left(files, prefix)
    return list(takewhile(lambda path: path.startswith(prefix), islice(files, first, None)))


def local_name(name: str) -> str:
    """`name` with everything unprintable (control characters, bidi marks, bytes that are no text) as `%XX`."""
    return "".join(c if c.isprintable() else _escaped(c) for c in name)


def _escaped(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))
