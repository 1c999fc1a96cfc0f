"""Spans on their way out of this process: behind its back, and never in its way."""

import logging
import sys
import threading
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import assert_never

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter, SpanExportResult

from tools.tracing.wanted import Where

GOODBYE_SECONDS = 2.0
"""The longest that the end of a command waits for a collector."""

TALKATIVE = ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "opentelemetry.sdk._shared_internal")
"""They say each try that failed, and each span that is dropped over it."""

_log = logging.getLogger("swineherd.tracing")


class OnceSaid(SpanExporter):
    """Another exporter; that what it sends does not arrive is said once, and disturbs nobody further."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._lock = threading.Lock()
        self._said = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """As the exporter's."""
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self.say()
        return result

    def shutdown(self) -> None:
        """As the exporter's."""
        self._exporter.shutdown()

    def say(self) -> None:
        """Without the address: there may be a password in it."""
        with self._lock:
            said, self._said = self._said, True
        if not said:
            _log.warning("the collector that OTEL_EXPORTER_OTLP_ENDPOINT names takes no spans; all else goes on")


class Exporting:
    """A tracer provider of our own: nobody else's spans are in it, and no other part of the process finds it."""

    def __init__(self, where: Iterable[Where]) -> None:
        """Begins the threads that send.

        Raises:
            OSError, ValueError: one of OpenTelemetry's variables can't be used.
        """
        self._exporters = [OnceSaid(_exporter(one)) for one in where]
        self.provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        for exporter in self._exporters:
            self.provider.add_span_processor(BatchSpanProcessor(exporter))
        for name in TALKATIVE:
            logging.getLogger(name).addFilter(_not_of_spans)

    def close(self) -> None:
        """Send what is left; what does not get out within `GOODBYE_SECONDS` is given up."""
        leaving = threading.Thread(target=self.provider.shutdown, name="tracing", daemon=True)
        leaving.start()
        leaving.join(GOODBYE_SECONDS)
        if leaving.is_alive():
            for exporter in self._exporters:
                exporter.say()


def _exporter(where: Where) -> SpanExporter:
    match where:
        case "otlp":
            return OTLPSpanExporter()
        case "console":
            return ConsoleSpanExporter(out=sys.stderr)  # stdout is for a command's answer
    assert_never(where)


def _resource() -> Resource:
    """Who sends, and what the user's own variables say: never this process' command line, which holds a job's words."""
    ours = Resource({"service.name": "swineherd", "service.version": version("swineherd")})
    return ours.merge(OTELResourceDetector().detect())


def _not_of_spans(record: logging.LogRecord) -> bool:
    """Other pipelines of the program say what they have to."""
    return record.name == TALKATIVE[1] and record.args != ("Span",)
