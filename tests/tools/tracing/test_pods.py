"""Pods that are told of: each call is a span, and goes through as it is."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from tests.crash.sites import public
from tests.fakes.clock import FakeClock
from tests.fakes.pods import LOG, FakePods
from tests.fakes.spans import KeptSpans, notes_of
from tools.errors import HostUnreachable, TransferFailed
from tools.ports import JobStart, PodSession, RemoteHome, Timer
from tools.tracing.pods import OPERATION, TracedPods
from tools.tracing.port import spanning

HOST = "203.0.113.42"
ACCESS = f"ssh root@{HOST} -p 22042"
COMMAND = "python train.py --lr 3"
HOME = RemoteHome("/workspace/swineherd/run-1", on_volume=True)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def pods(clock: FakeClock) -> FakePods:
    return FakePods(clock, on_volume=True)


@pytest.fixture
def kept() -> KeptSpans:
    return KeptSpans()


def calls(session: PodSession, folder: Path, clock: FakeClock) -> dict[str, Callable[[], Awaitable[object]]]:
    """Every method of a session, in an order that makes sense."""
    archive = folder / "workdir.tar.gz"
    archive.write_bytes(b"packed")
    ends = clock.now() + timedelta(hours=1)
    job = JobStart("run-1", "pip install x", COMMAND, {"TOKEN": "s3cret"}, ends)
    timer = Timer("https://gpuhog.test/api", "HOG-a1b2c3d4e5f6", ends, 60)

    async def follow() -> bytes:
        return b"".join([data async for data in session.follow(HOME, 0)])

    return {
        "home": lambda: session.home("run-1"),
        "upload": lambda: session.upload(archive, "~/workdir"),
        "restore": lambda: session.restore(HOME, folder),
        "arm_timer": lambda: session.arm_timer(HOME, timer),
        "start_job": lambda: session.start_job(HOME, job),
        "heartbeat": lambda: session.heartbeat(HOME),
        "follow": follow,
        "job_state": lambda: session.job_state(HOME),
        "gpu": session.gpu,
        "gpu_peak": lambda: session.gpu_peak(HOME),
        "fetch": lambda: session.fetch(HOME, ["metrics.json"], folder),
        "mark_collected": lambda: session.mark_collected(HOME),
        "stop_job": lambda: session.stop_job(HOME, 1),
    }


async def outcomes(pods: TracedPods | FakePods, folder: Path, clock: FakeClock) -> dict[str, object]:
    """What each call answers."""
    session = await pods.connect(ACCESS, None)
    found = {name: await call() for name, call in calls(session, folder, clock).items()}
    await session.close()
    return found | {"host_key": session.host_key}


async def test_every_call_goes_through_and_is_a_span(
    pods: FakePods, kept: KeptSpans, tmp_path: Path, clock: FakeClock
) -> None:
    """The same answers as without; named by what is done, and nothing of the pod's address, the job or its secrets."""
    untold = await outcomes(FakePods(clock, on_volume=True), tmp_path, clock)
    assert await outcomes(TracedPods(pods, kept.tracer), tmp_path, clock) == untold
    assert {*untold, "close"} == set(public(PodSession)) | {"host_key"}
    assert [notes_of(span)[OPERATION] for span in kept.ended] == [
        "connect",
        *(name for name in untold if name != "host_key"),
    ]
    assert {span.name for span in kept.ended} == {"ssh connect", "ssh exec", "ssh upload", "ssh download"}
    told = kept.everything()
    for secret in (HOST, "22042", COMMAND, "pip", "s3cret", "HOG-", "workdir", "metrics.json", "/workspace"):
        assert secret not in told


async def test_errors_go_through_as_classes(pods: FakePods, kept: KeptSpans, tmp_path: Path) -> None:
    """A connection that fails, a transfer that fails, a log whose connection is lost in the middle."""
    traced = TracedPods(pods, kept.tracer)
    pods.unreachable = 1
    with pytest.raises(HostUnreachable):
        await traced.connect(ACCESS, None)
    session = await traced.connect(ACCESS, None)
    acting = calls(session, tmp_path, FakeClock())
    pods.failing["upload"] = 1
    with pytest.raises(TransferFailed):
        await acting["upload"]()
    await acting["start_job"]()
    pods.drops.append(3)
    with pytest.raises(HostUnreachable):
        await acting["follow"]()
    failed = [(span.name, notes_of(span)["error.type"]) for span in kept.ended if not span.status.is_ok]
    assert failed == [
        ("ssh connect", "HostUnreachable"),
        ("ssh upload", "TransferFailed"),
        ("ssh exec", "HostUnreachable"),
    ]


async def test_a_log_that_is_left_in_the_middle(
    pods: FakePods, kept: KeptSpans, tmp_path: Path, clock: FakeClock
) -> None:
    """What its reader does between two pieces is no part of the reading, and who stops reading ends it."""
    session = await TracedPods(pods, kept.tracer).connect(ACCESS, None)
    await calls(session, tmp_path, clock)["start_job"]()
    clock.advance(30)
    with spanning(kept.tracer, "step", {}):
        around = trace.get_current_span()
        following = session.follow(HOME, 0)
        assert LOG.startswith(await anext(following))
        assert trace.get_current_span() is around
        await following.aclose()  # type: ignore[attr-defined]
    (follow,) = [span for span in kept.ended if notes_of(span).get(OPERATION) == "follow"]
    assert (follow.status.status_code, notes_of(follow)) == (StatusCode.UNSET, {OPERATION: "follow"})
    assert kept.parent_of(follow) == "step"
