"""A provider with one order, as a pod's timer sees it: real HTTP on loopback, and somebody who wrote it all down."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ORDER = "HOG-5ec7e7a1b2c3"
DONE = {"stop": "stopped", "terminate": "terminated"}


@dataclass(frozen=True, slots=True)
class Request:
    """One call, its path below the order's, and when it came."""

    method: str
    path: str
    at: datetime


@dataclass
class Provider:
    """Stops and terminates its order when asked to, unless told otherwise.

    Attributes:
        shows: the order id that it shows.
        codes: what it answers the next calls with instead; a 2xx changes nothing but is answered all the same.
        open: cleared, it keeps whoever calls waiting.
    """

    port: int = 0
    status: str = "running"
    shows: str = ORDER
    codes: deque[int] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def posts(self) -> list[Request]:
        """The calls that act."""
        return [request for request in self.requests if request.method == "POST"]

    @property
    def verbs(self) -> list[str]:
        return [request.path for request in self.posts]

    def answer(self, method: str, path: str) -> tuple[int, bytes]:
        below = path.removeprefix(f"/api/order/{ORDER}")
        self.requests.append(Request(method, below, datetime.now(UTC)))
        self.open.wait(60)
        if path == below:
            return 404, b"{}"
        if self.codes:
            code = self.codes.popleft()
        else:
            code, self.status = 200, DONE.get(below.strip("/"), self.status)
        return code, json.dumps({"order_id": self.shows, "status": self.status}, indent=1).encode()


@contextmanager
def provider() -> Iterator[Provider]:
    """One that answers."""
    found = Provider()
    found.open.set()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code, body = found.answer(self.command, self.path)
            self.send_response(code)
            if code == 302:
                self.send_header("Location", self.path)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - the base class calls these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Nothing on the test's screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        found.open.set()
        server.shutdown()
        thread.join()
        server.server_close()
