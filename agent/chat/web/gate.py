"""Before every page: what `guard` refuses goes no further, and a body is read here, bounded in size and time."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.chat.web.guard import SAFE_METHODS, Asked, Refusal, refusal
from agent.chat.web.place import Place
from agent.chat.web.refused import Refused, refuse, told


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of a request's body."""

    most_bytes: int = 64 * 1024
    seconds: float = 10.0


class Gate:
    """Lets through what may be looked at."""

    def __init__(self, app: ASGIApp, place: Place, bounds: Bounds) -> None:
        self._app = app
        self._place = place
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        request = Request(scope)
        refused = refusal(_asked(request), self._place)
        if refused is not None:
            await _send_away(refused, scope, receive, send)
            return
        if request.method not in SAFE_METHODS:
            try:
                receive = _again(await self._body(request, receive), receive)
            except Refused as error:
                await _send_away(error.refusal, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _body(self, request: Request, receive: Receive) -> bytes:
        """All of it, before anybody looks at it."""
        too_large = refuse(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {self._bounds.most_bytes} bytes are too many"
        )
        declared = request.headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self._bounds.most_bytes:
            raise too_large
        body, more = bytearray(), True
        try:
            async with asyncio.timeout(self._bounds.seconds):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise refuse(HTTPStatus.BAD_REQUEST, "the connection was closed before all was here")
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > self._bounds.most_bytes:
                        raise too_large
        except TimeoutError as error:
            raise refuse(HTTPStatus.REQUEST_TIMEOUT, "that took too long", "Try again.") from error
        return bytes(body)


def _asked(request: Request) -> Asked:
    headers = request.headers
    return Asked(
        method=request.method,
        raw_path=request.scope["raw_path"].decode("latin-1"),
        hosts=headers.getlist("host"),
        origins=headers.getlist("origin"),
        fetch_site=headers.get("sec-fetch-site", ""),
        fetch_mode=headers.get("sec-fetch-mode", ""),
        content_type=headers.get("content-type", ""),
    )


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, once more; afterwards whatever else comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message


async def _send_away(refused: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """The rest of what is sent is not waited for."""
    answer = told(refused)
    answer.headers["Connection"] = "close"
    await answer(scope, receive, send)
