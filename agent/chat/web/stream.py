"""Events for one who is logged in: they end with the session, at once where that is ended."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from agent.chat.web.door import Door
from agent.chat.web.refused import refuse
from agent.chat.web.sessions import Session, Sessions

Events = Callable[[Request, Session], AsyncGenerator[ServerSentEvent, None]]

LOOK_SECONDS = 30.0
"""How often an open stream looks whether its session's time is over."""
SEND_SECONDS = 20.0
"""Whoever takes no data for so long has gone."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Events as they come, until the session or the generator ends."""

    path: str
    events: Events


class _Counted(EventSourceResponse):
    """Takes up a place among the streams until it ends, however it ends."""

    def __init__(self, events: AsyncGenerator[ServerSentEvent, None], place: AbstractContextManager[None]) -> None:
        super().__init__(events, send_timeout=SEND_SECONDS)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            await super().__call__(scope, receive, send)


def streaming(door: Door, events: Events) -> Callable[[Request, Session], Awaitable[Response]]:
    """What a page does that sends these events."""

    async def handler(request: Request, session: Session) -> Response:
        if not door.streams.has_room(session.key):
            raise refuse(HTTPStatus.TOO_MANY_REQUESTS, "too many pages are open", "Close some.")
        coming = _while_in(door.sessions, session.key, events(request, session))
        return _Counted(coming, door.streams.one_more(session.key))

    return handler


async def _while_in(
    sessions: Sessions, key: str, events: AsyncGenerator[ServerSentEvent, None]
) -> AsyncGenerator[ServerSentEvent, None]:
    over = asyncio.ensure_future(sessions.over(key).wait())
    async with aclosing(events):
        try:
            while (event := await _next(events, over, sessions, key)) is not None:
                yield event
        finally:
            over.cancel()


async def _next(
    events: AsyncGenerator[ServerSentEvent, None], over: asyncio.Task[Any], sessions: Sessions, key: str
) -> ServerSentEvent | None:
    """The next event; None once there is none, or nobody to whom it may be told."""
    coming: asyncio.Task[Any] = asyncio.ensure_future(anext(events, None))
    try:
        while sessions.lives(key):
            await asyncio.wait([over, coming], timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                event: ServerSentEvent | None = coming.result()
                return event if sessions.lives(key) else None
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
    return None
