"""Where a spend log may live: a folder of its owner, on a disk of this machine."""

import re
from collections.abc import Iterator
from pathlib import Path

import psutil

from tools.errors import StoreUnusable

_NETWORK = re.compile(r"nfs\d?|cifs|smb\w*|afpfs|webdav|davfs\d?|9p|ceph|glusterfs|lustre|afs|fuse\.(?!fuseblk).*")
_SYNCED = frozenset(
    {
        "dropbox",
        "onedrive",
        "icloud",
        "icloud drive",
        "mobile documents",
        "cloudstorage",
        "google drive",
        "googledrive",
        "nextcloud",
        "owncloud",
        "pclouddrive",
        "syncthing",
    }
)
_MOUNTS = Path("/proc/self/mountinfo")


def check_local(path: Path, mounts: Path = _MOUNTS) -> None:
    """Refuse a place that other machines write to, or that a sync program copies: locks do not hold there.

    Args:
        path: the store's file or folder; it need not exist yet.
        mounts: in the form of `/proc/self/mountinfo`; without such a file the system is asked.

    Raises:
        StoreUnusable: the place is on a network file system or in a synced folder.
    """
    real = path.resolve()
    for part in real.parts:
        if re.split(r" [-(]", part.casefold())[0] in _SYNCED:
            raise _refusal(real, f"{part} is a synced folder")
    kind = _file_system(real, mounts)
    if _NETWORK.fullmatch(kind):
        raise _refusal(real, f"it is on a network file system ({kind})")


def make_folder(folder: Path) -> None:
    """Make `folder` for its owner alone (0700); one that is there already must not be writable by others.

    Raises:
        StoreUnusable: it can't be made, or others may write into it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = folder.stat().st_mode
    except OSError as exc:
        raise StoreUnusable(f"{folder} can't be made: {exc.strerror}; set SWINEHERD_HOME to a folder of yours") from exc
    if mode & 0o022:
        raise StoreUnusable(f"others may write into {folder}: run `chmod 700 {folder}`, or set SWINEHERD_HOME")


def _refusal(path: Path, why: str) -> StoreUnusable:
    return StoreUnusable(f"the spend log can't live at {path}: {why}; set SWINEHERD_HOME to a local folder")


def _file_system(path: Path, mounts: Path) -> str:
    """The type of the file system that holds `path`: the longest mount point above it decides, the last one wins."""
    best, kind = -1, ""
    for point, fstype in _mounted(mounts):
        depth = len(point.parts)
        if depth >= best and path.is_relative_to(point):
            best, kind = depth, fstype
    return kind


def _mounted(mounts: Path) -> Iterator[tuple[Path, str]]:
    if not mounts.exists():
        yield from ((Path(part.mountpoint), part.fstype.casefold()) for part in psutil.disk_partitions(all=True))
        return
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        before, _, after = line.partition(" - ")
        point = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), before.split()[4])
        yield Path(point), after.split()[0]
