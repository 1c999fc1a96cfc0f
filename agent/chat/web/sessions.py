"""Who is logged in. Kept in memory alone: a server that starts anew knows nobody."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
MOST = 100
"""Sessions at once; one more ends the one that was silent for the longest."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a page knows of the one who asks.

    Attributes:
        user: `web:NAME`, an approver of the policy or the owner of the terminal.
        csrf: what each form and each unsafe request must carry.
        address: where this request came from.
        key: the session's own, by hash; names it here and opens nothing.
        world: what every page says of the money in it, where that is no real one.
    """

    user: str
    csrf: str = field(repr=False)
    address: str
    key: str = field(repr=False)
    world: str = ""

    @property
    def by(self) -> str:
        """Who says so, and from where, as the spend log keeps it beside an answer."""
        return f"{self.user} from {self.address}"

    def sent(self, token: str) -> bool:
        """Whether a request carries this session's CSRF token."""
        return hmac.compare_digest(token.encode(), self.csrf.encode())


@dataclass(slots=True)
class _Kept:
    user: str
    csrf: str
    began: datetime
    seen: datetime
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Sessions:
    """All of one server.

    Args:
        now: the present, UTC; a laptop that slept has grown older too.
        new_token: 256 random bits as text.
    """

    def __init__(self, now: Callable[[], datetime], new_token: Callable[[], str]) -> None:
        self._now = now
        self._new_token = new_token
        self._kept: dict[str, _Kept] = {}

    def begin(self, user: str) -> str:
        """Log somebody in; returns the cookie's value, which nobody has seen before."""
        self._drop_ended()
        if len(self._kept) >= MOST:
            self.end(min(self._kept, key=lambda key: self._kept[key].seen))
        cookie, now = self._new_token(), self._now()
        self._kept[_key(cookie)] = _Kept(user, self._new_token(), now, now)
        return cookie

    def find(self, cookie: str, address: str) -> Session | None:
        """The session of a cookie, which from now on was not idle; None where it is over or never was."""
        key = _key(cookie)
        if not self.lives(key):
            return None
        kept = self._kept[key]
        kept.seen = self._now()
        return Session(kept.user, kept.csrf, address, key)

    def lives(self, key: str) -> bool:
        """Whether a session goes on; asking does not prolong it."""
        kept, now = self._kept.get(key), self._now()
        return kept is not None and now - kept.seen < IDLE and now - kept.began < LONGEST

    def over(self, key: str) -> asyncio.Event:
        """Set once a session is ended; time that runs out sets nothing: ask `lives` as well."""
        return self._kept[key].over

    def end(self, key: str) -> None:
        """Log out."""
        if (kept := self._kept.pop(key, None)) is not None:
            kept.over.set()

    def of(self, user: str) -> int:
        """At how many places somebody is logged in."""
        self._drop_ended()
        return sum(kept.user == user for kept in self._kept.values())

    def end_all_of(self, user: str) -> None:
        """Log somebody out everywhere."""
        for key in [key for key, kept in self._kept.items() if kept.user == user]:
            self.end(key)

    def close(self) -> None:
        """Log everybody out: the server ends, and what streams to them shall too."""
        for key in list(self._kept):
            self.end(key)

    def _drop_ended(self) -> None:
        for key in [key for key in self._kept if not self.lives(key)]:
            self.end(key)


def _key(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
