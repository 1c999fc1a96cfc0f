"""What changes on pages that are open: one look at the stores for all who watch, each change rendered once."""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog
from sse_starlette import ServerSentEvent
from starlette.requests import Request

from tools.errors import SwineherdError

LOOK_SECONDS = 0.5
"""Between two looks; none is made while no page is open."""

_CURSOR = re.compile(r"[a-z-]+\.[0-9a-f-]+(~[a-z-]+\.[0-9a-f-]+)*", re.ASCII)
MOST_CURSOR = 400

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Piece:
    """What an open page lacks.

    Attributes:
        name: of the event, which says where on the page it goes.
        token: what the page shows once it has this.
    """

    name: str
    html: str
    token: str


class Part(Protocol):
    """One place on a page, as things stand."""

    @property
    def key(self) -> str:
        """Letters of a to z."""
        ...

    @property
    def token(self) -> str:
        """What a page shows that has all of it: digits, letters of a to f, and -."""
        ...

    def since(self, token: str) -> Piece | None:
        """What a page lacks that shows `token`, or "" where nothing is known of it; None: nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """All places of a page.

    Attributes:
        until: when it looks otherwise by time alone.
    """

    parts: Sequence[Part]
    until: datetime | None = None

    @property
    def cursor(self) -> str:
        """What a page has that shows all of this."""
        return cursor_text({part.key: part.token for part in self.parts})


class Subject(Protocol):
    """What a page is about."""

    @property
    def name(self) -> str:
        """No other subject has it."""
        ...

    def marks(self) -> Hashable:
        """Another value whenever its files have changed; costs next to nothing."""
        ...

    def show(self) -> Shown:
        """As it stands now."""
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """A part that is replaced as a whole."""

    key: str
    html: str
    token: str

    @classmethod
    def of(cls, key: str, html: str, *, but_for: str = "") -> "Whole":
        """One that is sent again where its content is another; `but_for` in it does not count."""
        counts = html.replace(but_for, "") if but_for else html
        return cls(key, html, hashlib.sha256(counts.encode()).hexdigest()[:12])

    def since(self, token: str) -> Piece | None:
        """All of it, where it is another."""
        return None if token == self.token else Piece(self.key, self.html, self.token)


@dataclass(slots=True)
class _Room:
    """Everybody who watches one subject."""

    subject: Subject
    seen: Hashable
    shown: Shown
    watching: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def look(self, head: str, now: datetime) -> None:
        seen = (head, self.subject.marks())
        over = self.shown.until is not None and now >= self.shown.until
        if seen == self.seen and not over:
            return
        self.seen, self.shown = seen, self.subject.show()
        self.changed.set()
        self.changed = asyncio.Event()


class Live:
    """The one who looks.

    Args:
        head: something that is another whenever the stores have changed.
        pause: sleeps so many seconds.
    """

    def __init__(
        self,
        head: Callable[[], str],
        now: Callable[[], datetime],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._head = head
        self._now = now
        self._pause = pause
        self._rooms: dict[str, _Room] = {}
        self._looking: asyncio.Task[None] | None = None

    async def watch(self, subject: Subject, cursor: Mapping[str, str]) -> AsyncGenerator[ServerSentEvent, None]:
        """Everything that a page lacks which has what the cursor says, as it comes."""
        has = dict(cursor)
        room = self._enter(subject)
        try:
            while True:
                shown, changed = room.shown, room.changed
                for part in shown.parts:
                    piece = part.since(has.get(part.key, ""))
                    if piece is not None:
                        has[part.key] = piece.token
                        yield ServerSentEvent(piece.html, event=piece.name, id=cursor_text(has))
                await changed.wait()
        finally:
            self._leave(room)

    def look(self) -> None:
        """Look now: somebody has just changed something here."""
        head, now = self._head(), self._now()
        for room in list(self._rooms.values()):
            room.look(head, now)

    def _enter(self, subject: Subject) -> _Room:
        room = self._rooms.get(subject.name)
        if room is None:
            seen = (self._head(), subject.marks())
            room = self._rooms[subject.name] = _Room(subject, seen, subject.show())
        else:
            room.look(self._head(), self._now())
        room.watching += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        return room

    def _leave(self, room: _Room) -> None:
        room.watching -= 1
        if not room.watching and self._rooms.get(room.subject.name) is room:
            del self._rooms[room.subject.name]

    async def _look_on(self) -> None:
        while self._rooms:
            try:
                self.look()
            except SwineherdError as error:
                _log.warning("the pages are not up to date", why=str(error))
            await self._pause(LOOK_SECONDS)


def cursor_text(has: Mapping[str, str]) -> str:
    """As it travels: an event's id, and a stream's address."""
    return "~".join(f"{key}.{token}" for key, token in has.items() if token)


def cursor_of(request: Request) -> dict[str, str]:
    """What a page has: by the last event it got, else by how it was rendered. Nothing, where that says nonsense."""
    said = request.headers.get("last-event-id") or request.query_params.get("after", "")
    if len(said) > MOST_CURSOR or not _CURSOR.fullmatch(said):
        return {}
    return dict(pair.split(".", 1) for pair in said.split("~"))
