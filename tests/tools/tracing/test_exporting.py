"""Spans on their way out: whole to a collector that listens, and in nobody's way where none does."""

import asyncio
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.fakes.collector import Collector, collecting
from tools.tracing import exporting
from tools.tracing.exporting import Exporting
from tools.tracing.port import spanning
from tools.tracing.start import tracing
from tools.tracing.wanted import ENDPOINTS

SENDS = ENDPOINTS[1]
LOST = "the collector that OTEL_EXPORTER_OTLP_ENDPOINT names takes no spans; all else goes on"


@pytest.fixture(autouse=True)
def others_stay_as_they_are() -> Iterator[None]:
    """Loggers of OpenTelemetry's lose their filters again."""
    yield
    for name in exporting.TALKATIVE:
        logging.getLogger(name).filters.clear()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as found:
        monkeypatch.setenv(SENDS, found.url)
        yield found


async def told(environment: dict[str, str]) -> None:
    """One span below another, and the end of it all."""
    async with tracing(environment) as tracer:
        with spanning(tracer, "step", {"swineherd.run_id": "run-1"}), spanning(tracer, "call", {}):
            pass


async def test_a_collector_gets_them_whole(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end at the latest; who sends is said, in the user's own words where there are any, and no more of us."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "my-herd")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "agent", "run", "with my s3cret"])
    await told({SENDS: collector.url})
    assert collector.paths == {"/v1/traces"}
    assert {span.name: collector.parent_of(span) for span in collector.spans} == {"step": "", "call": "step"}
    resource = collector.resource
    assert resource.pop("service.version")
    assert resource == {"service.name": "my-herd", "deployment.environment": "test"}


async def test_without_words_of_the_user_s_we_say_who_we_are(collector: Collector) -> None:
    """The name of the program."""
    await told({SENDS: collector.url})
    assert collector.resource["service.name"] == "swineherd"


async def test_the_console_is_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """What a command answers is on stdout, one JSON document perhaps."""
    await told({"OTEL_TRACES_EXPORTER": "console"})
    printed = capsys.readouterr()
    assert printed.out == ""
    first, _ = json.JSONDecoder().raw_decode(printed.err)
    assert first["name"] == "call"


async def test_a_collector_that_refuses_is_named_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However many batches are lost; OpenTelemetry's own lines about each try are left out."""
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")
    with collecting(status=400) as collector:
        monkeypatch.setenv(SENDS, collector.url)
        await told({SENDS: collector.url})
    assert len(collector.bodies) == 2
    assert [record.getMessage() for record in caplog.records] == [LOST]


async def test_a_collector_that_hangs_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The end comes while it still keeps what it was sent, and meanwhile the loop goes on."""
    monkeypatch.setattr(exporting, "GOODBYE_SECONDS", 0.2)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "600")
    with collecting(hangs=True) as collector:
        monkeypatch.setenv(SENDS, collector.url)
        answering = threading.Timer(20, collector.answers.set)  # who waits for an answer gets one
        answering.start()
        turns = 0

        async def turn() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.01)
                turns += 1

        turning = asyncio.create_task(turn())
        await told({SENDS: collector.url})
        turning.cancel()
        assert collector.asked.is_set()
        assert not collector.answers.is_set()
        answering.cancel()
    assert turns > 1
    assert [record.getMessage() for record in caplog.records] == [LOST]


def test_other_pipelines_say_what_they_have_to(caplog: pytest.LogCaptureFixture) -> None:
    """A program may send metrics and logs of its own by the same library."""
    exported = Exporting(())
    logging.getLogger(exporting.TALKATIVE[1]).warning("Queue full, dropping %s.", "Log")
    logging.getLogger(exporting.TALKATIVE[1]).warning("Queue full, dropping %s.", "Span")
    exported.close()
    assert [record.getMessage() for record in caplog.records] == ["Queue full, dropping Log."]
