"""A LangSmith on loopback: takes traces as its own would, and keeps every byte."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from langsmith.env import get_langchain_env_var_metadata
from langsmith.utils import get_env_var

KEY = "lsv2_pt_0123456789abcdef"


@dataclass
class FakeLangSmith:
    """What it was told."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    @property
    def told(self) -> str:
        """All of it; a multipart body is JSON between lines."""
        return b"\n".join(self.bodies).decode(errors="replace")

    @property
    def variables(self) -> dict[str, str]:
        """What switches it on."""
        return {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": KEY, "LANGSMITH_ENDPOINT": self.url}


def forget() -> None:
    """LangSmith's client reads the environment once."""
    get_env_var.cache_clear()  # type: ignore[attr-defined]
    get_langchain_env_var_metadata.cache_clear()


@contextmanager
def listening() -> Iterator[FakeLangSmith]:
    """Serve until the block ends."""
    fake = FakeLangSmith()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            fake.bodies.append(self.rfile.read(int(self.headers.get("content-length", "0"))))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def do_GET(self) -> None:
            """`/info`: it can do nothing special, so that nothing is compressed."""
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        fake.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def told_of_this_process(fake: FakeLangSmith) -> Iterator[None]:
    """As if it had been switched on before the process began."""
    os.environ.update(fake.variables)
    forget()
    try:
        yield
    finally:
        for name in fake.variables:
            os.environ.pop(name, None)
        forget()
