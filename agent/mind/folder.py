"""What a description may be read together with: the names in its folder, and the first characters of some files."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from agent.mind.tokens import TOKENS
from agent.submit import BadJob
from policies.masking import mask
from policies.text import clean

MOST_NAMES = 200
MOST_HEAD = 2000
MOST_IN_ALL = 20_000

_READ = re.compile(r".*\.(?:py|sh|toml|cfg)|requirements[\w.-]*\.txt|Makefile")
_STAYS = re.compile(
    r"\.env(?:rc|\..*)?|.*\.(?:env|pem|key|p12|pfx|jks|ppk|kdbx)|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?(?:\..*)?|"
    r"credentials(?:\..*)?|\.?_?netrc|\.pypirc|\.npmrc|\.pgpass|\.git-credentials|kaggle\.json|"
    r"service[-_]account.*\.json|\.?secrets?(?:\.(?:json|ya?ml|toml|txt))?",
    re.IGNORECASE,
)
_PRIVATE = frozenset({".ssh", ".aws", ".gnupg", ".kube", ".docker", ".azure", ".gcloud"})
"""Folders whose every file stays."""
_LOOKS_SECRET = re.compile(TOKENS + r"|(?<=[:=])\s*[\"'][^\"'\n]{12,}[\"'](?=\s*(?:#|$))", re.MULTILINE)


def folder_for(folder: Path, store: Path) -> Path:
    """A folder that may go to a pod as it is.

    Raises:
        BadJob: it is the user's home, holds it, holds or lies in the store, or is of keys.
    """
    place, home, kept = folder.resolve(), Path.home().resolve(), store.resolve()
    if home.is_relative_to(place):
        raise BadJob(
            f"all of {folder} would be uploaded: describe the job in the folder that has its files, and no more"
        )
    if kept.is_relative_to(place) or place.is_relative_to(kept):
        raise BadJob(f"{folder} has the store in it: describe the job in a folder of its own")
    if _PRIVATE.intersection(place.parts):
        raise BadJob(f"{folder} is a folder of keys: describe the job in a folder of its own")
    return place


def names(folder: Path) -> list[str]:
    """What lies in a folder and in the folders in it; folders end in a slash.

    Hidden names are left out, links out of the folder, and names that a human would see as others than they are.
    """
    return [name for name, _ in zip(_names(folder), range(MOST_NAMES), strict=False)]


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        if not _is_plain(path.name) or _leaves(path, folder):
            continue
        yield path.name + ("/" if path.is_dir() else "")
        if path.is_dir() and not path.is_symlink():
            below = sorted(one for one in path.iterdir() if _is_plain(one.name) and not _leaves(one, folder))
            yield from (f"{path.name}/{one.name}" + ("/" if one.is_dir() else "") for one in below)


def _is_plain(name: str) -> bool:
    return not name.startswith(".") and clean(name, len(name)) == name


def _leaves(path: Path, folder: Path) -> bool:
    return path.is_symlink() and not path.resolve().is_relative_to(folder.resolve())


def look_at(folder: Path, secrets: tuple[str, ...]) -> dict[str, str]:
    """Name → the first characters of scripts and requirements, "" of all else; secrets masked, known and likely ones.

    Raises:
        BadJob: the folder can't be read.
    """
    left = MOST_IN_ALL
    seen: dict[str, str] = {}
    try:
        for name in names(folder):
            head = _head(folder / name, min(left, MOST_HEAD)) if _READ.fullmatch(Path(name).name) else ""
            seen[name] = masked(head, secrets)
            left -= len(head)
    except OSError as error:
        raise BadJob(f"{error.filename}: can't be read: {error.strerror}") from error
    return seen


def _head(path: Path, most: int) -> str:
    if path.is_symlink() or not path.is_file() or most <= 0:
        return ""
    with path.open("rb") as file:
        return file.read(most).decode(errors="replace")


def masked(text: str, secrets: tuple[str, ...]) -> str:
    """Without known secrets, and without what looks like one."""
    known = mask(text.encode(), secrets).decode(errors="replace")
    return _LOOKS_SECRET.sub(lambda match: "*" * len(match[0]), known)


def stays_here(folder: Path) -> frozenset[Path]:
    """Files below a folder that go to no pod: keys, `.env` and the like."""
    found = set()
    for parent, _, files in os.walk(folder):
        private = not _PRIVATE.isdisjoint(Path(parent).relative_to(folder).parts)
        found |= {Path(parent, name).resolve() for name in files if private or _STAYS.fullmatch(name)}
    return frozenset(found)
