"""`tools.tracing.port` on OpenTelemetry's API; imported only where somebody listens."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context, trace

# Private, and the only name under which OpenTelemetry's instrumentations of HTTP clients look whether they are wanted.
from opentelemetry.context import _SUPPRESS_HTTP_INSTRUMENTATION_KEY as NO_HTTP_INSTRUMENTATION
from opentelemetry.trace import SpanKind, StatusCode

from policies.order import with_short_ids
from policies.text import clean
from tools.tracing.port import UNTOLD, Span, Value

MOST_CHARACTERS = 200

_log = logging.getLogger("swineherd.tracing")


class OtelSpan:
    """`tools.tracing.port.Span`. Of an error its class alone gets in; the SDK's own way would take its text along."""

    def __init__(self, span: trace.Span, unheard: Callable[[Exception], None], *, calls_out: bool) -> None:
        """`unheard` is told why a span could not be ended."""
        self._span = span
        self._unheard = unheard
        self._calls_out = calls_out

    def note(self, name: str, value: Value) -> None:
        """One more attribute."""
        self._span.set_attribute(name, _told(value))

    def failed(self, kind: str) -> None:
        """Status and `error.type`."""
        self._span.set_status(StatusCode.ERROR)
        self.note("error.type", kind)

    @contextmanager
    def current(self) -> Iterator[None]:
        """Current in this task, and in those that begin inside."""
        inside = trace.set_span_in_context(self._span)
        if self._calls_out:
            inside = context.set_value(NO_HTTP_INSTRUMENTATION, value=True, context=inside)
        token = context.attach(inside)
        try:
            yield
        finally:
            context.detach(token)

    def end(self, error: BaseException | None = None) -> None:
        """Being cancelled is no failure: it is told, as a class alone."""
        if isinstance(error, Exception):
            self.failed(type(error).__name__)
        elif error is not None:
            self.note("error.type", type(error).__name__)
        try:
            self._span.end()
        except Exception as failure:  # noqa: BLE001 - as in `OtelTracer`
            self._unheard(failure)


class OtelTracer:
    """`tools.tracing.port.Tracer`.

    What a program does with spans runs inside their beginning and their end. Whatever is wrong there, it is between an
    answer about money and whoever writes that down, so nothing of it may get out.
    """

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self._said = False

    def begin(self, name: str, notes: Mapping[str, Value], *, calls_out: bool = False) -> Span:
        """A child of the current span."""
        kind = SpanKind.CLIENT if calls_out else SpanKind.INTERNAL
        told = {key: _told(value) for key, value in notes.items()}
        try:
            span = self._tracer.start_span(_words(name), kind=kind, attributes=told)
        except Exception as failure:  # noqa: BLE001 - see above
            self._unheard(failure)
            return UNTOLD
        return OtelSpan(span, self._unheard, calls_out=calls_out)

    def _unheard(self, failure: Exception) -> None:
        """Said once."""
        if not self._said:
            self._said = True
            _log.warning("a processor of spans fails (%s); all else goes on", type(failure).__name__)


def _told(value: Value) -> Value:
    """Whoever knows an order's id can end its pod; none of ours is whole, but a name from elsewhere may hold one."""
    return _words(value) if isinstance(value, str) else value


def _words(text: str) -> str:
    return with_short_ids(clean(text, MOST_CHARACTERS))
