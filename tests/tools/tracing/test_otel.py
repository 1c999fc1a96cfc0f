"""What gets into a span of OpenTelemetry's, and what is current in it."""

import asyncio

import pytest
from opentelemetry import context, trace
from opentelemetry.context import _SUPPRESS_HTTP_INSTRUMENTATION_KEY as SUPPRESSED
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from tests.fakes.spans import KeptSpans, notes_of
from tools.errors import MarketUnavailable
from tools.tracing.otel import MOST_CHARACTERS
from tools.tracing.port import UNTOLD, spanning

ORDER = "HOG-a1b2c3d4e5f6"


@pytest.fixture
def kept() -> KeptSpans:
    return KeptSpans()


def test_of_an_error_only_the_class_is_told(kept: KeptSpans) -> None:
    """Not its message, its cause or its stack, as the SDK would: they may hold an order id, or a line of a job."""
    with pytest.raises(MarketUnavailable), spanning(kept.tracer, "look", {}):
        raise MarketUnavailable(f"no answer about {ORDER}") from ValueError("s3cret")
    span = kept.one("look")
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())
    assert notes_of(span) == {"error.type": "MarketUnavailable"}


def test_a_failure_below_leaves_what_is_around_it_as_it_was(kept: KeptSpans) -> None:
    """Whoever catches it knows what it means."""
    failing = pytest.raises(ValueError, match="s3cret")
    with spanning(kept.tracer, "outer", {}), failing, spanning(kept.tracer, "inner", {}):
        raise ValueError("s3cret")
    assert kept.one("outer").status.status_code is StatusCode.UNSET
    assert kept.parent_of(kept.one("inner")) == "outer"
    assert "s3cret" not in kept.everything()


async def test_being_cancelled_is_no_failure(kept: KeptSpans) -> None:
    """And ends the span all the same."""

    async def wait() -> None:
        with spanning(kept.tracer, "wait", {}):
            await asyncio.sleep(3600)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    span = kept.one("wait")
    assert span.status.status_code is StatusCode.UNSET
    assert notes_of(span) == {"error.type": "CancelledError"}


def test_what_is_fine_is_no_failure(kept: KeptSpans) -> None:
    """Some exceptions are the way on."""
    with pytest.raises(KeyError), spanning(kept.tracer, "park", {}, fine=(KeyError,)):
        raise KeyError
    assert notes_of(kept.one("park")) == {}


def test_whatever_gets_in_is_made_fit(kept: KeptSpans) -> None:
    """Order ids in their short form, nothing invisible, and bounded."""
    with spanning(kept.tracer, f"look at {ORDER}", {"a": f"{ORDER}\x1b[2J", "n": 3, "b": True}) as span:
        span.note("later", "x" * 10_000)
    found = kept.one("look at HOG-…e5f6")
    notes = notes_of(found)
    assert (notes["a"], notes["n"], notes["b"]) == ("HOG-…e5f6[2J", 3, True)
    assert len(str(notes["later"])) == MOST_CHARACTERS


def test_a_call_is_told_by_nobody_else(kept: KeptSpans) -> None:
    """A program's own instrumentation of httpx would tell whole URLs: inside a call, and there alone, it is off."""
    with spanning(kept.tracer, "step", {}):
        assert context.get_value(SUPPRESSED) is None
        with spanning(kept.tracer, "call", {}, calls_out=True):
            assert context.get_value(SUPPRESSED) is True
        assert context.get_value(SUPPRESSED) is None
    assert kept.one("call").kind is SpanKind.CLIENT
    assert kept.one("step").kind is SpanKind.INTERNAL


async def test_tasks_that_begin_inside_are_parts_of_it(kept: KeptSpans) -> None:
    """Each of the span it began in, however their ends are mixed."""
    begun = asyncio.Event()

    async def act(name: str) -> None:
        with spanning(kept.tracer, name, {}):
            await begun.wait()

    async def step(name: str) -> None:
        with spanning(kept.tracer, name, {}):
            acting = asyncio.create_task(act(f"{name} acts"))
            await asyncio.sleep(0)
        begun.set()
        await acting

    await asyncio.gather(step("one"), step("two"))
    assert {name: kept.parent_of(kept.one(f"{name} acts")) for name in ("one", "two")} == {"one": "one", "two": "two"}
    assert not trace.get_current_span().get_span_context().is_valid


class Broken(SpanProcessor):
    """Raises at the beginning or the end of a span."""

    def __init__(self, at: str) -> None:
        self._at = at

    def on_start(self, span: object, parent_context: object = None) -> None:
        self._fail("start")

    def on_end(self, span: object) -> None:
        self._fail("end")

    def _fail(self, at: str) -> None:
        if at == self._at:
            raise RuntimeError("s3cret")


@pytest.mark.parametrize("at", ["start", "end"])
def test_a_processor_that_fails_disturbs_nobody(at: str, kept: KeptSpans, caplog: pytest.LogCaptureFixture) -> None:
    """It is a program's own; the answer to a purchase must not be lost over it. It is said once."""
    kept.provider.add_span_processor(Broken(at))
    for _ in range(2):
        with spanning(kept.tracer, "call", {}, calls_out=True) as span:
            span.note("a", 1)
    with pytest.raises(MarketUnavailable), spanning(kept.tracer, "call", {}):
        raise MarketUnavailable
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "a processor of spans fails (RuntimeError); all else goes on"


def test_where_nobody_listens_nothing_is_current() -> None:
    """Not even a span that says nothing, for a program's own to hang on."""
    with spanning(UNTOLD, "step", {"a": "b"}, calls_out=True) as span:
        span.note("a", 1)
        span.failed("404")
        assert context.get_value(SUPPRESSED) is None
