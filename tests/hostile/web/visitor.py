"""Whoever asks the web chat something over real HTTP, as a browser would or as none would."""

import http.client
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def cookie(self) -> str:
        """`NAME=VALUE` of the cookie that was set."""
        return str(self.headers["Set-Cookie"]).partition(";")[0]


@dataclass
class Visitor:
    """One who connects to a port of loopback, calling it `host`.

    Attributes:
        cookies: as the header has them.
        csrf: put into each form, where there is one.
    """

    port: int
    host: str
    origin: str | None
    cookies: str = ""
    csrf: str = ""

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        """A page."""
        return self.ask("GET", target, headers)

    def post(
        self, target: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """A form, with what a browser and our page put into it."""
        filled = {**({"csrf": self.csrf} if self.csrf else {}), **(form or {})}
        return self.ask("POST", target, {**FORM, **(headers or {})}, urlencode(filled).encode())

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        body: bytes | Iterator[bytes] | None = None,
    ) -> Answer:
        """Anything at all; the visitor's own Host, Origin and Cookie are sent unless `headers` have others."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as line:
            self._send(line, method, target, headers, body)
            came = line.getresponse()
            return Answer(came.status, came.headers, came.read().decode())

    @contextmanager
    def stream(self, target: str) -> Iterator[tuple[int, http.client.HTTPResponse]]:
        """An answer that is read as it comes, and closed at the end of the block."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as line:
            self._send(line, "GET", target, None, None)
            came = line.getresponse()
            with closing(came):
                yield came.status, came

    def raw(self, request: bytes) -> int:
        """The status that comes for these very bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(request)
            return int(line.makefile("rb").readline().split()[1])

    def _send(
        self,
        line: http.client.HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] | None,
        body: bytes | Iterator[bytes] | None,
    ) -> None:
        given = list(headers.items()) if isinstance(headers, Mapping) else list(headers or [])
        names = {name.lower() for name, _ in given}
        own = [("Host", self.host), ("Origin", self.origin), ("Cookie", self.cookies)]
        line.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in [*given, *(pair for pair in own if pair[0].lower() not in names)]:
            if value:
                line.putheader(name, value)
        if isinstance(body, bytes) and not names & {"content-length", "transfer-encoding"}:
            line.putheader("Content-Length", str(len(body)))
        line.endheaders(body, encode_chunked=not isinstance(body, bytes))
