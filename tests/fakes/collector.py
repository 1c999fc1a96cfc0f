"""A collector on loopback, as far as spans go: OTLP over HTTP, decoded, and every byte that came."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    """What arrived.

    Attributes:
        answers: requests wait for it.
    """

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    answers: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)

    @property
    def requests(self) -> list[ExportTraceServiceRequest]:
        """Decoded."""
        return [ExportTraceServiceRequest.FromString(body) for body in self.bodies]

    @property
    def resource(self) -> dict[str, str]:
        """The sender's attributes, which must be the same in every request."""
        found = [_texts(of.resource.attributes) for request in self.requests for of in request.resource_spans]
        assert all(one == found[0] for one in found)
        return found[0]

    @property
    def spans(self) -> list[Span]:
        """Of all requests."""
        return [
            span
            for request in self.requests
            for of in request.resource_spans
            for scope in of.scope_spans
            for span in scope.spans
        ]

    def parent_of(self, span: Span) -> str:
        """The name of a span's parent, which must have arrived; "" of a root."""
        if not span.parent_span_id:
            return ""
        (parent,) = [one for one in self.spans if one.span_id == span.parent_span_id]
        return parent.name


def _texts(attributes: "Iterator[KeyValue]") -> dict[str, str]:
    return {one.key: one.value.string_value for one in attributes}


@contextmanager
def collecting(*, hangs: bool = False, status: int = 200) -> Iterator[Collector]:
    """Serve until the block ends; one that `hangs` takes requests, and answers none before that."""
    collector = Collector()
    if not hangs:
        collector.answers.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.paths.add(self.path)
            collector.bodies.append(body)
            collector.asked.set()
            collector.answers.wait()
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        collector.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield collector
        finally:
            collector.answers.set()
            server.shutdown()
            thread.join()
