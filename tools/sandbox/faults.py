"""Faults of the wire: the next calls of an endpoint are told to go wrong, over real TCP."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tools.errors import Refused
from tools.sandbox.wire import ENDPOINTS

_CUT = "cut"
_PATHS = tuple((name, method, compile_path(f"/api{path}")[0]) for name, method, path, _ in ENDPOINTS)
ENDPOINT_NAMES = tuple(name for name, _, _ in _PATHS)


class FaultKind(StrEnum):
    """What goes wrong with a call. "Done" means that the market acts on it as always."""

    LOST_ANSWER = "lost_answer"
    """Done; then the connection is closed without an answer."""
    LOST_REQUEST = "lost_request"
    """Not done; the connection is closed without an answer."""
    STATUS = "status"
    """Not done; answered with `status`, and `Retry-After` where `retry_after` is given."""
    STATUS_AFTER = "status_after"
    """Done; answered like `status`."""
    HANG = "hang"
    """Done; the answer comes `seconds` late."""
    TRUNCATED = "truncated"
    """Done; the answer's headers promise all of it, `keep_bytes` of its body come, then the connection is closed."""
    WRONG_JSON = "wrong_json"
    """Done; the answer has its status, and `body` instead of its own."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to go wrong with the next calls of one endpoint.

    Attributes:
        endpoint: one of `ENDPOINT_NAMES`.
        count: how many calls it hits.
        skip: how many calls go well before that.
        retry_after: seconds.
        keep_bytes: None for half of the body.
    """

    endpoint: str
    kind: FaultKind
    count: int = 1
    skip: int = 0
    status: int = 503
    retry_after: int | None = None
    seconds: float = 0.0
    keep_bytes: int | None = None
    body: str = ""


@dataclass(slots=True)
class FaultQueue:
    """Faults still to come, in the order in which they were told. A restart forgets them."""

    left: list[Fault] = field(default_factory=list)

    def take(self, endpoint: str) -> Fault | None:
        """What happens to this call of an endpoint: the first fault told for it, if its turn has come."""
        for number, fault in enumerate(self.left):
            if fault.endpoint != endpoint:
                continue
            if fault.skip:
                self.left[number] = replace(fault, skip=fault.skip - 1)
                return None
            self.left[number : number + 1] = [replace(fault, count=fault.count - 1)] if fault.count > 1 else []
            return fault
        return None


def read_fault(value: Mapping[str, object]) -> Fault:
    """A fault from its JSON object; `endpoint` and `kind` are required.

    Raises:
        Refused: 422, naming what is wrong.
    """
    for name, found in value.items():
        if name not in _RULES:
            raise Refused(f"Unknown field {name!r}; there are {', '.join(_RULES)}", 422)
        if not _RULES[name](found):
            raise Refused(f"{name}: {found!r} is no such thing", 422)
    if not {"endpoint", "kind"} <= value.keys():
        raise Refused("endpoint and kind are required", 422)
    return Fault(**{**value, "kind": FaultKind(str(value["kind"]))})  # type: ignore[arg-type]


def _is_whole(found: object, least: int, most: int) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and least <= found <= most


_RULES: dict[str, Callable[[object], bool]] = {
    "endpoint": lambda found: found in ENDPOINT_NAMES,
    "kind": lambda found: found in tuple(FaultKind),
    "count": lambda found: _is_whole(found, 1, 1000),
    "skip": lambda found: _is_whole(found, 0, 1000),
    "status": lambda found: _is_whole(found, 200, 599),
    "retry_after": lambda found: found is None or _is_whole(found, 0, 86400),
    "seconds": lambda found: (isinstance(found, float) and 0 <= found <= 3600) or _is_whole(found, 0, 3600),
    "keep_bytes": lambda found: found is None or _is_whole(found, 0, 1_000_000),
    "body": lambda found: isinstance(found, str),
}


class FaultyWire:
    """Does to a call what was told for it; any other call passes."""

    def __init__(self, app: ASGIApp, queue: FaultQueue) -> None:
        self._app = app
        self._queue = queue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or not."""
        endpoint = _endpoint(scope)
        fault = self._queue.take(endpoint) if endpoint else None
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await self._spoil(fault, scope, receive, send)

    async def _spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind:
            case FaultKind.LOST_REQUEST:
                await _read_body(receive)
                await _cut(scope, receive)
            case FaultKind.LOST_ANSWER:
                await self._done(scope, receive)
                await _cut(scope, receive)
            case FaultKind.STATUS:
                await _read_body(receive)
                await _refusal(fault)(scope, receive, send)
            case FaultKind.STATUS_AFTER:
                await self._done(scope, receive)
                await _refusal(fault)(scope, receive, send)
            case FaultKind.HANG:
                answer = await self._done(scope, receive)
                await _wait(fault.seconds, receive)
                await answer.send(send)
            case FaultKind.TRUNCATED:
                await (await self._done(scope, receive)).send_part(send, fault.keep_bytes)
                await _cut(scope, receive)
            case FaultKind.WRONG_JSON:
                await (await self._done(scope, receive)).with_body(fault.body.encode()).send(send)
            case _:
                assert_never(fault.kind)

    async def _done(self, scope: Scope, receive: Receive) -> "_Answer":
        """Let the market act; its answer is kept back."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        start, *rest = messages
        return _Answer(start, b"".join(message.get("body", b"") for message in rest))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the market would have answered."""

    start: Message
    body: bytes

    def with_body(self, body: bytes) -> "_Answer":
        kept = [(name, value) for name, value in self.start["headers"] if name.lower() != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        return _Answer({**self.start, "headers": [*kept, length]}, body)

    async def send(self, send: Send) -> None:
        await send(self.start)
        await send({"type": "http.response.body", "body": self.body})

    async def send_part(self, send: Send, length: int | None) -> None:
        """Promise all of it and send `length` bytes, or half."""
        await send(self.start)
        part = self.body[: len(self.body) // 2 if length is None else length]
        await send({"type": "http.response.body", "body": part, "more_body": True})


def _endpoint(scope: Scope) -> str | None:
    """The documented name of what is called."""
    for name, method, path in _PATHS:
        if scope["method"] == method and path.match(scope["path"]):
            return name
    return None


def _refusal(fault: Fault) -> Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return JSONResponse({"error": "A fault was asked for"}, fault.status, headers)


async def _read_body(receive: Receive) -> None:
    """Take all of the request: what is left unread when a connection closes would reset it."""
    while (await receive()).get("more_body", False):
        pass


async def _cut(scope: Scope, receive: Receive) -> None:
    """Close the connection once what was written is sent; returns when it is closed, for then nobody is answered."""
    scope["state"][_CUT]()
    await _gone(receive)


async def _wait(seconds: float, receive: Receive) -> None:
    """Wait, but not for a client that has gone away."""
    with suppress(TimeoutError):
        await asyncio.wait_for(_gone(receive), seconds)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class CuttableHttp(H11Protocol):
    """uvicorn's HTTP whose connections the app can close in the middle, which ASGI has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hand the way to close this connection to the requests that come over it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _CUT: transport.close}
