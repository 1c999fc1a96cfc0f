"""A stand-in for a model's server on loopback: answers what a test scripted, and remembers what it was asked."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """One answer; a text goes out as a page, everything else as JSON."""

    status: int
    body: Json | str
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """The connection breaks before all is there."""
    pause: float = 0.0
    """Seconds before each line."""


@dataclass(frozen=True)
class Asked:
    """One request; `body` is empty where there was none."""

    path: str
    headers: dict[str, str]
    body: Json


def says(text: str | None, *, finish: str = "stop", **message: Any) -> Reply:
    """A chat completion; `message` adds to what is in it."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return Reply(200, {**whole, "usage": usage})


def calls(name: str, arguments: str) -> Reply:
    """A chat completion that calls a tool."""
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return says(None, finish="tool_calls", tool_calls=[call])


def streams(*pieces: str, **delta: Any) -> Reply:
    """A chat completion piece by piece; `delta` adds to what is in the last one."""
    deltas: list[Json] = [*({"content": piece} for piece in pieces), *([delta] if delta else [])]
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    chunks = [{**base, "choices": [{"index": 0, "delta": {"role": "assistant", **one}}]} for one in deltas]
    chunks.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    lines = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
    return Reply(200, f"{lines}data: [DONE]\n\n", {"content-type": "text/event-stream"})


def fails(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    """An error in OpenAI's form; in the names of headers `_` stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"error": {"message": message, "type": "error", "param": None, "code": code}}, named)


class FakeModelServer:
    """Gives each request the next reply; 599 when there is none left."""

    def __init__(self, replies: list[Reply]) -> None:
        self.url = ""
        self.left = replies
        self.asked: list[Asked] = []

    @property
    def bodies(self) -> list[Json]:
        """What was asked, in order."""
        return [one.body for one in self.asked]


@contextmanager
def serving(*replies: Reply) -> Iterator[FakeModelServer]:
    """Serve until the block ends; every reply must have been asked for by then."""
    fake = FakeModelServer(list(replies))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            fake.asked.append(
                Asked(self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(body or "{}"))
            )
            self._reply(fake.left.pop(0) if fake.left else fails(599, "nothing is scripted"))

        def do_GET(self) -> None:
            self.do_POST()

        def _reply(self, reply: Reply) -> None:
            page = isinstance(reply.body, str)
            body = reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"content-type": "text/html" if page else "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body) + reply.cut))
            self.end_headers()
            for line in body.splitlines(keepends=True) if reply.pause else [body]:
                time.sleep(reply.pause)
                self.wfile.write(line)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        fake.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
    assert not fake.left, f"{len(fake.left)} replies were not asked for"
