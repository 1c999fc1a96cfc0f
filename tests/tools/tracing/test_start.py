"""Who gets our spans: nobody, the program around us, or a collector; and what is said where that can't be."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace

from tests.fakes.collector import collecting
from tests.fakes.spans import KeptSpans
from tools.tracing import exporting
from tools.tracing.port import UNTOLD, spanning
from tools.tracing.start import tracing

ROOT = Path(__file__).resolve().parents[3]
NOBODY = "http://127.0.0.1:9"
SENDS = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture(autouse=True)
def others_stay_as_they_are() -> Iterator[None]:
    """Loggers of OpenTelemetry's lose their filters again."""
    yield
    for name in exporting.TALKATIVE:
        logging.getLogger(name).filters.clear()


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> KeptSpans:
    """A program around us that has set a provider, which is once and for all; here until the test ends."""
    kept = KeptSpans()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", kept.provider)
    return kept


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


async def test_without_a_variable_nobody_listens() -> None:
    """And nothing is begun."""
    async with tracing({}) as tracer:
        assert tracer is UNTOLD


async def test_a_program_s_own_provider_gets_our_spans(program: KeptSpans) -> None:
    """Below its own, whatever the variables say: it sends where it wants, and is not closed by us."""
    with collecting() as collector:
        async with tracing({SENDS: collector.url}) as tracer:
            with program.provider.get_tracer("theirs").start_as_current_span("theirs"), spanning(tracer, "ours", {}):
                pass
    assert program.parent_of(program.one("ours")) == "theirs"
    with spanning(program.tracer, "after", {}):
        pass
    assert program.names == ["ours", "theirs", "after"]
    assert collector.bodies == []


async def test_switched_off_is_off(program: KeptSpans, caplog: pytest.LogCaptureFixture) -> None:
    """`OTEL_SDK_DISABLED` holds for a program's provider as for our own."""
    async with tracing({SENDS: NOBODY, "OTEL_SDK_DISABLED": "true"}) as tracer:
        assert tracer is UNTOLD
    assert said(caplog) == []


@pytest.mark.parametrize("missing", ["opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http"])
async def test_without_the_extra_it_is_named_once(
    missing: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With the variable that asks for it; what was to be told goes on untold."""
    for name in [name for name in sys.modules if name.startswith(missing) or name == exporting.__name__]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    async with tracing({SENDS: NOBODY}) as tracer:
        assert tracer is UNTOLD
    assert said(caplog) == [f"no tracing: {SENDS} is set, and needs pip install 'swineherd[tracing]'"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "no tracing: OTEL_TRACES_EXPORTER can be otlp, console or none here"),
        ({SENDS: NOBODY, "OTEL_BSP_SCHEDULE_DELAY": "-1"}, "variables can't be used (ValueError)"),
    ],
)
async def test_what_can_not_be_used_is_said_and_stops_nothing(
    environment: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line each."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    async with tracing(environment) as tracer:
        assert tracer is UNTOLD
    (line,) = said(caplog)
    assert line.endswith(expected)


IMPORTED = """
import asyncio, sys
from agent.assemble_parts import open_parts
from agent.settings import Settings
def loaded(): print(*sorted(name for name in sys.modules if name.startswith(("opentelemetry", "tools.tracing"))))
async def parts():
    async with open_parts(Settings(), sandbox=False): loaded()
async def herd():
    async with open_herd(Settings()): loaded()
asyncio.run(parts())
import langgraph.graph
loaded()
from agent.assemble import open_herd
asyncio.run(herd())
"""


def test_nothing_of_opentelemetry_is_imported_where_nobody_listens(tmp_path: Path) -> None:
    """By nothing of ours: LangGraph imports some of it by itself, where it is installed."""
    env = {"PYTHONPATH": str(ROOT), "SWINEHERD_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", IMPORTED], env=env, check=True, capture_output=True, text=True)
    of_parts, of_langgraph, of_herd = (set(line.split()) for line in done.stdout.splitlines())
    assert of_parts == {f"tools.tracing{name}" for name in ("", ".port", ".pods", ".start", ".wanted")}
    assert of_herd == of_langgraph
