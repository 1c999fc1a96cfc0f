"""One origin over HTTP: sends a call once, bounds the answer in size and time, follows nothing, keeps nothing."""

import asyncio
import re
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

import httpx

from policies.answers import Answer
from policies.order import short_id
from tools.errors import Malformed, NothingSent, OutcomeUnknown
from tools.gpuhog.checkout_url import is_loopback
from tools.gpuhog.purchase import find_order_id

READ_SECONDS = 20.0
SPEND_SECONDS = 30.0
READ_BYTES = 1024 * 1024
SPEND_BYTES = 64 * 1024
"""An answer to a spending call is a few hundred bytes; of a longer one this much is kept, for the order id in it."""

_READ_PHASES = httpx.Timeout(connect=5.0, read=READ_SECONDS, write=10.0, pool=5.0)
_SPEND_PHASES = httpx.Timeout(connect=2.0, read=SPEND_SECONDS, write=10.0, pool=0.5)
# TCP and TLS have `connect` seconds each: a spending call leaves within 5 s of its commit or not at all (law 1).

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "swineherd"}
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
"""Raised before a byte of the request is written; ConnectError is DNS, TCP and TLS alike."""

_HALF_WORD = re.compile(rb"[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as the documentation lists it."""

    method: Literal["GET", "POST"]
    path: str
    order_id: str | None = None
    payload: dict[str, object] | None = None
    keyed: bool = False
    """Documented to need the API key."""

    @property
    def route(self) -> str:
        """The path as the documentation has it."""
        return self.path.replace(self.order_id, "{id}") if self.order_id else self.path

    @property
    def label(self) -> str:
        """What may be said of it in logs: an order id is a capability, so never the whole of one."""
        path = self.path.replace(self.order_id, short_id(self.order_id)) if self.order_id else self.path
        return f"{self.method} {path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a repeatable call."""

    status: int
    body: bytes
    retry_after: str = ""
    content_type: str = ""
    date: str = ""
    """The provider's clock, as its `Date` header says it."""


class Channel:
    """HTTP to one base URL."""

    def __init__(
        self, base_url: str, *, transport: httpx.AsyncBaseTransport | None, allow_plain_http_loopback: bool
    ) -> None:
        """Opens nothing yet.

        Raises:
            Malformed: `base_url` is not https, nor http to loopback where that is allowed, or holds more than a
                scheme, a host, a port and a path.
        """
        self.base_url = checked_base_url(base_url, allow_plain_http_loopback=allow_plain_http_loopback)
        self._reads = _client(transport or _network(), _READ_PHASES)
        self._spends = _client(transport or _network(), _SPEND_PHASES)

    async def read(self, call: Call, key: str | None) -> Reply:
        """Send once. Only the body of a 2xx is read: of any other answer the status decides.

        Raises:
            Malformed: that body is longer than `READ_BYTES`.
            httpx.TransportError, OSError: no (whole) answer; OSError includes the TimeoutError of `READ_SECONDS`.
        """
        body = bytearray()
        async with asyncio.timeout(READ_SECONDS):
            async with self._reads.stream(*self._request(call), json=call.payload, headers=_headers(key)) as response:
                if response.is_success and not await _fill(body, response, READ_BYTES):
                    raise Malformed(f"{call.label}: an answer of more than {READ_BYTES} bytes")
        told = (response.headers.get(name, "") for name in ("Retry-After", "Content-Type", "Date"))
        return Reply(response.status_code, bytes(body), *told)

    async def spend(self, call: Call, key: str | None) -> Answer:
        """Send once, on a connection of its own: on a reused one that died, nobody knows what arrived.

        Of an answer that is too long or breaks off, what came is returned when an order id can be read in it.

        Raises:
            NothingSent: DNS, connect or TLS failed.
            OutcomeUnknown: anything else that is no whole answer.
        """
        status, body, whole = 0, bytearray(), False
        headers = {**_headers(key), "Connection": "close"}
        try:
            async with asyncio.timeout(SPEND_SECONDS):
                async with self._spends.stream(*self._request(call), json=call.payload, headers=headers) as response:
                    status = response.status_code
                    whole = await _fill(body, response, SPEND_BYTES)
        except _NEVER_LEFT as exc:
            raise NothingSent(f"{call.label}: {type(exc).__name__}, nothing was sent") from exc
        except (httpx.HTTPError, OSError) as exc:
            if not (whole or (status and find_order_id(_up_to_a_boundary(body)))):
                raise OutcomeUnknown(f"{call.label}: {type(exc).__name__}, it may have happened") from exc
        return Answer(status, bytes(body) if whole else _up_to_a_boundary(body))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._reads.aclose()
        await self._spends.aclose()

    def _request(self, call: Call) -> tuple[str, str]:
        return call.method, self.base_url + call.path


def checked_base_url(base_url: str, *, allow_plain_http_loopback: bool) -> str:
    """A base URL that secrets may be sent to, without a slash at its end.

    Raises:
        Malformed: it is not https, nor http to loopback where that is allowed, or holds more than a scheme, a host, a
            port and a path.
    """
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as exc:
        raise Malformed("the base URL is not a URL") from exc
    plain = parts.scheme == "http" and allow_plain_http_loopback and is_loopback(host)
    if not host or not (parts.scheme == "https" or plain):
        raise Malformed("the base URL must be https (http is for loopback only, and only where that is allowed)")
    if "@" in parts.netloc or parts.query or parts.fragment or not base_url.isascii() or not base_url.isprintable():
        raise Malformed("the base URL may hold a scheme, a host, a port and a path, nothing else")
    return base_url.rstrip("/")


class _Plain(httpx.AsyncBaseTransport):
    """Takes out of an answer the headers httpx would act on: where to go, what to remember, what to expand.

    httpx parses `Location` even where it does not follow it, and raises over a broken one; it decompresses whatever
    says it is compressed, and a few bytes could become a gigabyte.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        for name in ("Location", "Set-Cookie", "Content-Encoding"):
            response.headers.pop(name, None)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@cache
def _tls() -> ssl.SSLContext:
    """Loading the certificates takes a noticeable while: once for a process."""
    return httpx.create_ssl_context(trust_env=False)


def _network() -> httpx.AsyncHTTPTransport:
    limits = httpx.Limits(max_connections=20, max_keepalive_connections=10)
    return httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False, retries=0, http2=False, limits=limits)


def _client(transport: httpx.AsyncBaseTransport, phases: httpx.Timeout) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=_Plain(transport), headers=_HEADERS, timeout=phases, follow_redirects=False, trust_env=False
    )


def _headers(key: str | None) -> dict[str, str]:
    return {} if key is None else {"X-Api-Key": key}


async def _fill(body: bytearray, response: httpx.Response, limit: int) -> bool:
    """Read into `body` at most `limit` bytes as they are on the wire; whether that was all."""
    async for chunk in response.aiter_bytes():
        body += chunk[: limit + 1 - len(body)]
        if len(body) > limit:
            del body[limit:]
            return False
    return True


def _up_to_a_boundary(body: bytearray) -> bytes:
    """Without the word that was cut: half an order id would be another order's id."""
    return _HALF_WORD.sub(b"", bytes(body))
