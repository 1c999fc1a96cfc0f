"""Spans, as those who act begin them: nothing of OpenTelemetry is here, and nothing costs while nobody listens.

What a span says may be read by others than the owner of the run: names, figures and outcomes, never what a text from
outside says. An order is in it as `/order/{id}`, an error by its class.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

Value = str | int | bool

RUN_ID = "swineherd.run_id"


class Span(Protocol):
    """Something that takes its time."""

    def note(self, name: str, value: Value) -> None:
        """One more thing to know of it."""
        ...

    def failed(self, kind: str) -> None:
        """It did not come to what it was to come to; `kind` is an error's class or a status code."""
        ...

    def current(self) -> AbstractContextManager[object]:
        """Inside, whatever begins is a part of it, in the tasks that are begun there too."""
        ...

    def end(self, error: BaseException | None = None) -> None:
        """It is over, by `error` perhaps, of which nothing but the class is told."""
        ...


class Tracer(Protocol):
    """Begins spans."""

    def begin(self, name: str, notes: Mapping[str, Value], *, calls_out: bool = False) -> Span:
        """A part of what is current.

        Args:
            calls_out: it is a call to somebody else, and told by nobody but this span: a program's own instrumentation
                of HTTP would put whole URLs into its traces.
        """
        ...


class Untold:
    """A `Tracer`, and all its spans, where nobody listens."""

    def begin(self, name: str, notes: Mapping[str, Value], *, calls_out: bool = False) -> Span:
        """Itself: there is nothing to remember."""
        return self

    def note(self, name: str, value: Value) -> None:
        """Nothing."""

    def failed(self, kind: str) -> None:
        """Nothing."""

    def current(self) -> AbstractContextManager[object]:
        """Nothing is different inside."""
        return nullcontext()

    def end(self, error: BaseException | None = None) -> None:
        """Nothing."""


UNTOLD = Untold()


@contextmanager
def spanning(
    tracer: Tracer,
    name: str,
    notes: Mapping[str, Value],
    *,
    calls_out: bool = False,
    fine: tuple[type[BaseException], ...] = (),
) -> Iterator[Span]:
    """A span of the block, current in it.

    Args:
        fine: what may leave the block and is no failure.
    """
    span = tracer.begin(name, notes, calls_out=calls_out)
    try:
        with span.current():
            yield span
    except BaseException as error:
        span.end(None if isinstance(error, fine) else error)
        raise
    span.end()
