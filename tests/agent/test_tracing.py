"""A run as spans: a drive, its steps, and what they do; they end however the run goes on."""

import asyncio
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from agent.errors import LeaseHeld
from agent.graph import GOTO
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, World
from tests.fakes.pods import Script
from tests.fakes.spans import KeptSpans, notes_of
from tools.errors import TransferFailed
from tools.spend_log.rows import RunStatus
from tools.tracing.pods import TracedPods
from tools.tracing.port import RUN_ID


def traced(world: World) -> KeptSpans:
    """Let a world's steps and pods be told from now on."""
    kept = KeptSpans()
    world.change(tracer=kept.tracer, pods=TracedPods(world.pods, kept.tracer))
    return kept


def ways(kept: KeptSpans) -> list[tuple[str, object]]:
    """Each step with where it led, in order."""
    return [(span.name, notes_of(span)[GOTO]) for span in kept.ended if GOTO in notes_of(span)]


def below(kept: KeptSpans, name: str) -> set[str]:
    """The names of what is a part of the spans of a name."""
    return {span.name for span in kept.ended if kept.parent_of(span) == name}


def failed(span: ReadableSpan) -> tuple[bool, object]:
    return span.status.status_code is StatusCode.ERROR, notes_of(span).get("error.type")


async def test_a_run_is_a_tree(world: World) -> None:
    """The drive above its steps, each step above its calls, in whichever task they are made."""
    kept = traced(world)
    run = await world.run()
    assert run.status is RunStatus.SUCCEEDED
    drive = kept.one("drive")
    assert (kept.parent_of(drive), notes_of(drive)) == ("", {RUN_ID: run.run_id})
    assert ways(kept) == [
        ("intake", "discover"),
        ("discover", "pick"),
        ("pick", "rent"),
        ("rent", "pay"),
        ("pay", "poll"),
        ("poll", "poll"),
        ("poll", "parked"),
        ("poll", "run_job"),
        ("run_job", "collect"),
        ("collect", "terminate"),
        ("terminate", "report"),
        ("report", "__end__"),
    ]
    assert below(kept, "drive") == {name for name, _ in ways(kept)}
    assert below(kept, "run_job") == {"ssh connect", "ssh exec", "ssh upload"}
    assert below(kept, "collect") == {"ssh connect", "ssh exec", "ssh download"}
    assert not [span for span in kept.ended if failed(span)[0]]


async def test_a_run_that_waits_leaves_no_span_open(make_world: MakeWorld) -> None:
    """Its drive ends where it is left; the next one is a trace of its own, and has the run's id too."""
    world = make_world(ASK)
    kept = traced(world)
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    assert ways(kept)[-1] == ("escalate", "parked")
    assert failed(kept.one("drive")) == failed(kept.named("escalate")[-1]) == (False, None)
    world.cancel(run_id)
    await world.drive(run_id)
    drives = kept.named("drive")
    assert [notes_of(drive)[RUN_ID] for drive in drives] == [run_id, run_id]
    assert len({drive.context.trace_id for drive in drives}) == 2
    assert "ZQXSECRETCODE" not in kept.everything()


async def test_a_step_that_fails_leads_home_and_says_why_by_class(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the step has failed: the drive brings the run home. How it will end is told by the step that knows."""

    async def broken(*_: object) -> None:
        raise TransferFailed("no s3cret")

    kept = traced(world)
    monkeypatch.setattr(type(world.pods), "connect", broken)
    run = await world.run()
    assert run.status is RunStatus.FAILED
    (step,) = [span for span in kept.named("run_job") if failed(span)[0]]
    assert (failed(step), notes_of(step)[GOTO]) == ((True, "TransferFailed"), "collect")
    assert failed(kept.one("drive")) == (False, None)
    endings = [notes_of(span)["swineherd.ending"] for span in kept.ended if "swineherd.ending" in notes_of(span)]
    assert endings == [RunStatus.FAILED.value]
    assert "s3cret" not in kept.everything()


async def test_a_job_that_fails_is_no_failure_of_a_step(world: World) -> None:
    """The ending says what the run came to."""
    world.pods.script = Script(code=3)
    kept = traced(world)
    await world.run()
    assert not [span for span in kept.ended if failed(span)[0]]
    assert notes_of(kept.one("diagnose"))["swineherd.ending"] == RunStatus.FAILED.value


async def test_a_drive_that_is_let_go_ends_its_spans(world: World) -> None:
    """As a worker does on SIGTERM: everything that was open is ended, and nothing counts as failed."""
    kept = traced(world)
    world.pods.script = Script(seconds=1e6)
    run_id = world.submit()
    driving = asyncio.create_task(world.drive(run_id))
    world.clock.at(1000, driving.cancel)
    with pytest.raises(asyncio.CancelledError):
        await driving
    assert failed(kept.one("drive")) == (False, "CancelledError")
    assert failed(kept.one("run_job")) == (False, "CancelledError")


async def test_a_run_that_somebody_else_drives_is_no_drive(world: World) -> None:
    """Nothing is told of what was not begun."""
    run_id = world.submit()
    async with world.driver().lease(run_id):
        kept = traced(world)
        world.change(holder=replace(world.holder, pid=1))
        with pytest.raises(LeaseHeld):
            await world.drive(run_id)
    assert kept.names == []
