"""Spans that are kept in memory, as OpenTelemetry's own SDK ended them."""

from dataclasses import dataclass, field

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tools.tracing.otel import OtelTracer


@dataclass
class KeptSpans:
    """A tracer, and what it was told."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)

    def __post_init__(self) -> None:
        self.provider = TracerProvider(resource=Resource.get_empty(), shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = OtelTracer(self.provider.get_tracer("test"))

    @property
    def ended(self) -> tuple[ReadableSpan, ...]:
        """In the order of their ends."""
        return self.exporter.get_finished_spans()

    @property
    def names(self) -> list[str]:
        """In the order of their ends."""
        return [span.name for span in self.ended]

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of a name."""
        return [span for span in self.ended if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """The only one of a name."""
        (found,) = self.named(name)
        return found

    def parent_of(self, span: ReadableSpan) -> str:
        """The name of a span's parent; "" of a root."""
        if span.parent is None:
            return ""
        return next(one.name for one in self.ended if one.context.span_id == span.parent.span_id)

    def everything(self) -> str:
        """All that is in them, and would be sent."""
        return "\n".join(span.to_json() for span in self.ended)


def notes_of(span: ReadableSpan) -> dict[str, object]:
    """A span's attributes."""
    return dict(span.attributes or {})
