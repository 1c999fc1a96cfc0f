"""Tracing as the environment, or the program around us, wants it; without either it is not even imported."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tools.tracing.port import UNTOLD, Tracer
from tools.tracing.wanted import Wanted, disabled, wanted

NAME = "swineherd"
"""Of our spans' instrumentation scope."""

_log = logging.getLogger("swineherd.tracing")


@asynccontextmanager
async def tracing(environment: Mapping[str, str]) -> AsyncIterator[Tracer]:
    """A tracer until the block ends, when what it told is sent.

    A program that has set a tracer provider gets our spans there, beside its own, and sees to where they go. Else
    OpenTelemetry's variables say where; their other settings (headers, timeout, sampler …) it reads by itself.
    """
    if disabled(environment):
        yield UNTOLD
    elif (theirs := _of_the_program()) is not None:
        yield theirs
    elif (asked := wanted(environment)) is None:
        yield UNTOLD
    else:
        async with _exported(asked) as tracer:
            yield tracer


def _of_the_program() -> Tracer | None:
    """By the provider that was set, if one was: whoever sets it has imported OpenTelemetry."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry import trace  # noqa: PLC0415 - there already

    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider):
        return None
    from tools.tracing.otel import OtelTracer  # noqa: PLC0415

    return OtelTracer(provider.get_tracer(NAME))


@asynccontextmanager
async def _exported(asked: Wanted) -> AsyncIterator[Tracer]:
    """What can't be had is said in one line; a run never depends on it."""
    if asked.wrong:
        _log.warning("no tracing: %s", asked.wrong)
        yield UNTOLD
        return
    try:
        from tools.tracing.exporting import Exporting  # noqa: PLC0415 - takes a third of a second
        from tools.tracing.otel import OtelTracer  # noqa: PLC0415

        exporting = Exporting(asked.where)
    except ImportError:
        _log.warning("no tracing: %s is set, and needs pip install 'swineherd[tracing]'", asked.by)
        yield UNTOLD
        return
    except (OSError, ValueError) as error:
        _log.warning("no tracing: OpenTelemetry's variables can't be used (%s)", type(error).__name__)
        yield UNTOLD
        return
    try:
        yield OtelTracer(exporting.provider.get_tracer(NAME))
    finally:
        await asyncio.to_thread(exporting.close)
