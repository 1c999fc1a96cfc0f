"""One-time login links. What lies on the disk opens nothing: a link is kept by its hash, and used up by removing it."""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from policies.text import counted

VALID_FOR = timedelta(minutes=10)
VALID_WORDS = counted(VALID_FOR // timedelta(minutes=1), "minute")

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one home; whoever may write in its folder may log in.

    Attributes:
        folder: of files for their owner alone, made when the first link is.
        now: the present, UTC.
        new_token: 256 random bits in 43 letters of base64url.
    """

    folder: Path
    now: Callable[[], datetime]
    new_token: Callable[[], str]

    def make(self, user: str) -> str:
        """A fresh link's token, for one login as `user`; links whose time is over are removed."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._remove_old()
        token = self.new_token()
        ends = self.now() + VALID_FOR
        descriptor = os.open(self._file(token), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"user": user, "ends": ends.isoformat()}, file)
        return token

    def user(self, token: str) -> str | None:
        """For whom a link is, without using it up; None for one that does not open anything."""
        link = _read(self._file(token)) if _TOKEN.fullmatch(token) else None
        return link.user if link is not None and link.ends > self.now() else None

    def use(self, token: str) -> str | None:
        """Use a link up, and say for whom it was. Of two at once, in whatever processes, one gets None."""
        user = self.user(token)
        if user is None:
            return None
        try:
            self._file(token).unlink()
        except FileNotFoundError:
            return None
        return user

    def _file(self, token: str) -> Path:
        return self.folder / hashlib.sha256(token.encode("ascii")).hexdigest()

    def _remove_old(self) -> None:
        for file in self.folder.iterdir():
            link = _read(file)
            if link is not None and link.ends <= self.now():
                file.unlink(missing_ok=True)


def new_token() -> str:
    """From the system's randomness, as `Links` and sessions take it."""
    return secrets.token_urlsafe(32)


def links_of(folder: Path, now: Callable[[], datetime]) -> Links:
    """The links of a home's folder."""
    return Links(folder, now, new_token)


@dataclass(frozen=True, slots=True)
class _Link:
    user: str
    ends: datetime


def _read(file: Path) -> _Link | None:
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
        return _Link(str(written["user"]), datetime.fromisoformat(written["ends"]))
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or it is just being written
        return None
