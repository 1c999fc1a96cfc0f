"""What every request must pass: a loopback host, a bounded body, the sandbox's own key."""

import hmac
import json
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tools.errors import Refused

MAX_BODY_BYTES = 16 * 1024
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


class LoopbackOnly:
    """Refuses a Host header that is not loopback, so that no web page reaches the sandbox by DNS rebinding."""

    def __init__(self, app: ASGIApp, touch: Callable[[], None]) -> None:
        self._app = app
        self._touch = touch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an HTTP request on, noting that somebody is there."""
        hosts = [value for name, value in scope.get("headers", ()) if name == b"host"]
        if scope["type"] != "http" or len(hosts) != 1 or not _is_loopback(hosts[0]):
            await JSONResponse({"error": "Only loopback hosts are served"}, 403)(scope, receive, send)
            return
        self._touch()
        await self._app(scope, receive, send)


def demand_key(request: Request, api_key: str) -> None:
    """Raises `Refused` 401 unless `X-Api-Key` is the sandbox's own."""
    given = request.headers.get("x-api-key", "")
    if not hmac.compare_digest(given.encode(), api_key.encode()):
        raise Refused("A valid API key is required (X-Api-Key)", 401)


async def json_object(request: Request) -> dict[str, object]:
    """The body as a JSON object. Raises `Refused` 400, 413 or 415."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused("Content-Type must be application/json", 415)
    try:
        value = json.loads(await bounded_body(request))
    except (ValueError, RecursionError) as exc:
        raise Refused("The body is not JSON", 400) from exc
    if not isinstance(value, dict):
        raise Refused("The body must be a JSON object", 400)
    return value


async def bounded_body(request: Request) -> bytes:
    """The body, at most `MAX_BODY_BYTES`. Raises `Refused` 413."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Refused("The body is too large", 413)
    return body


def _is_loopback(host: bytes) -> bool:
    try:
        parts = urlsplit("//" + host.decode("ascii"))
    except ValueError:
        return False
    return parts.hostname in _LOOPBACK_NAMES and parts.username is None and not parts.path
