"""The dead man's timer as real processes on real pods, against a provider on loopback: when it acts, and how."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from tests.tools.ssh.looking import ended, exists, read, until
from tests.tools.ssh.pods import PodServer, free_port
from tests.tools.ssh.provider import ORDER, Provider, provider
from tools.errors import HostUnreachable
from tools.ports import Exited, JobStart, RemoteHome, Running, Timer
from tools.ssh.session import SshSession

Make = Callable[..., JobStart]

LONG = 3600.0
PATIENCE = 60.0
"""Seconds that a busy machine may take for anything."""


@pytest.fixture
def api() -> Iterator[Provider]:
    """The provider that the timer calls."""
    with provider() as found:
        yield found


def timer(api: Provider, *, left: float = LONG, silence: int = 3600) -> Timer:
    """One for the provider's order, with so many seconds left."""
    return Timer(api.api_url, ORDER, datetime.now(UTC) + timedelta(seconds=left), silence)


def timers(pod: PodServer) -> list[psutil.Process]:
    """The timer's own processes."""
    return [process for process in pod.processes() if "timer/timer" in " ".join(_command(process))]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def acted(api: Provider, pod: PodServer) -> list[str]:
    """What the timer called, once it has gone."""
    await until(lambda: bool(api.posts) and not timers(pod), PATIENCE)
    return api.verbs


async def test_it_reads_its_own_order_and_waits(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider
) -> None:
    """Arming asks for the order once; the timer then lives without the connection."""
    assert await session.arm_timer(home, timer(api)) == ""
    await pod.reconnect()
    assert [(request.method, request.path) for request in api.requests] == [("GET", "")]
    (process,) = timers(pod)
    assert process.is_running()


async def test_before_the_paid_hours_end_it_stops_a_pod_whose_job_runs(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, make_job: Make
) -> None:
    """However long the agent was silent: not before, and it stops, so that the volume keeps what there is."""
    armed = timer(api, left=4, silence=0)
    assert await session.arm_timer(home, armed) == ""
    await session.start_job(home, make_job("sleep 300"))
    assert await acted(api, pod) == ["/stop"]
    assert api.posts[0].at >= armed.acts_at - timedelta(seconds=0.1)
    assert api.status == "stopped"
    assert await session.job_state(home) == Running()


async def test_silence_counts_once_the_job_has_ended(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, make_job: Make
) -> None:
    """The hours are far from over, but nobody comes for the results: stopped."""
    assert await session.arm_timer(home, timer(api, silence=1)) == ""
    await session.start_job(home, make_job("sleep 3"))
    assert await acted(api, pod) == ["/stop"]
    assert exists(pod.home_of("run-1") / ".herd/exit")


async def test_without_a_volume_silence_does_not_count(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, make_job: Make
) -> None:
    """A stop would lose the results and save nothing: the hours are paid."""
    armed = timer(api, left=6, silence=0)
    await session.start_job(home, make_job("true"))
    await ended(session, home)
    assert await session.arm_timer(replace(home, on_volume=False), armed) == ""
    assert await acted(api, pod) == ["/stop"]
    assert api.posts[0].at >= armed.acts_at - timedelta(seconds=0.1)


async def test_what_was_collected_after_the_end_is_terminated(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, make_job: Make
) -> None:
    """With the agent's mark nothing is worth keeping, volume or not."""
    assert await session.arm_timer(replace(home, on_volume=False), timer(api, silence=1)) == ""
    await session.start_job(home, make_job("true"))
    await ended(session, home)
    await session.mark_collected(home)
    assert await acted(api, pod) == ["/terminate"]
    assert api.status == "terminated"


async def test_a_mark_before_the_jobs_end_is_none(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, make_job: Make
) -> None:
    """What the job still writes would be lost."""
    assert await session.arm_timer(home, timer(api, silence=1)) == ""
    await session.start_job(home, make_job("sleep 3"))
    await session.mark_collected(home)
    assert await acted(api, pod) == ["/stop"]


async def test_signs_of_life_postpone_silence(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, make_job: Make
) -> None:
    """Counted anew from each; when they end, it acts."""
    silence = timedelta(seconds=6)
    assert await session.arm_timer(home, timer(api, silence=6)) == ""
    await session.start_job(home, make_job("true"))
    await ended(session, home)
    first = last = datetime.now(UTC)
    while last < first + silence + timedelta(seconds=1):
        last = datetime.now(UTC)
        await session.heartbeat(home)
        await asyncio.sleep(0.3)
    assert await acted(api, pod) == ["/stop"]
    assert api.posts[0].at >= last + silence - timedelta(seconds=0.1)


async def test_signs_of_life_do_not_pass_the_paid_hours(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, make_job: Make
) -> None:
    """An agent that lives and does nothing is no reason to go on billing; nor is a second arming that says later."""
    assert await session.arm_timer(home, timer(api, left=4)) == ""
    await session.start_job(home, make_job("true"))
    while not api.posts:
        await session.heartbeat(home)
        assert await session.arm_timer(home, timer(api)) == ""
        await asyncio.sleep(0.1)
    assert api.verbs == ["/stop"]


@pytest.mark.parametrize(
    "codes", [[500, 429], [200, 200], [503, 200, 200, 401]], ids=["refused", "deaf", "both, and a look refused"]
)
async def test_it_tries_until_the_order_shows_it(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, codes: list[int]
) -> None:
    """A refusal, and an answer that the order does not bear out, are no end."""
    assert await session.arm_timer(home, timer(api, left=1)) == ""
    api.codes = deque(codes)
    verbs = await acted(api, pod)
    assert set(verbs) == {"/stop"}
    assert len(verbs) >= 2
    assert api.status == "stopped"
    assert api.requests[-1].method == "GET"


@pytest.mark.parametrize("code", [302, 401, 403, 404, 500])
async def test_a_pod_that_may_not_see_its_order_has_no_timer(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, code: int
) -> None:
    """It says so, with the status, and leaves nothing running; a redirect is not followed."""
    api.codes = deque([code] * 3)
    assert str(code) in await session.arm_timer(home, timer(api))
    assert timers(pod) == []
    assert {request.path for request in api.requests} == {""}


async def test_an_answer_about_another_order_arms_nothing(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider
) -> None:
    """A proxy's page, say, proves nothing."""
    api.shows = "HOG-somebodyelse"
    assert "not its own order" in await session.arm_timer(home, timer(api))
    assert timers(pod) == []


async def test_no_network_no_timer(session: SshSession, home: RemoteHome, pod: PodServer, api: Provider) -> None:
    """Nobody answers where the API should be."""
    deaf = replace(timer(api), api_url=f"http://127.0.0.1:{free_port()}/api")
    assert "does not answer" in await session.arm_timer(home, deaf)
    assert timers(pod) == []


@pytest.mark.parametrize("url", ['http://127.0.0.1/"\nheader = "X: y', "file:///etc", "http://127.0.0.1/a b", ""])
async def test_an_address_that_a_tool_might_read_otherwise_is_refused(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, url: str
) -> None:
    """Nothing is sent to the pod."""
    assert await session.arm_timer(home, replace(timer(api), api_url=url))
    assert not exists(pod.home_of("run-1") / ".herd/timer")


async def test_when_the_hours_are_over_it_is_too_late(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider
) -> None:
    """A timer that acted at once would cut off whoever collects the results now."""
    assert "over" in await session.arm_timer(home, timer(api, left=-1))
    assert timers(pod) == []


async def test_arming_again_leaves_one_timer(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider
) -> None:
    """The live one, whatever process id files say after a restart; a dead one is replaced."""
    assert await session.arm_timer(home, timer(api)) == ""
    (first,) = timers(pod)
    again = await pod.reconnect()
    assert await again.arm_timer(home, timer(api)) == ""
    assert timers(pod) == [first]
    mark = read(pod.home_of("run-1") / ".herd/timer/pid").splitlines()[1]
    first.kill()
    await until(lambda: not timers(pod), PATIENCE)
    stranger = psutil.Process().pid
    (pod.home_of("run-1") / ".herd/timer/pid").write_bytes(b"%d\n%s\n" % (stranger, mark))
    assert await again.arm_timer(home, timer(api)) == ""
    assert len(timers(pod)) == 1


async def test_arming_at_once_leaves_one_timer(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider
) -> None:
    """Two connections race: whoever is not the one on record goes."""
    armed = await asyncio.gather(*(session.arm_timer(home, timer(api)) for _ in range(3)))
    assert armed == ["", "", ""]
    await until(lambda: len(timers(pod)) == 1, PATIENCE)


async def test_stopping_the_job_leaves_the_timer(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, make_job: Make
) -> None:
    """It is no part of the job, not even when it was armed after the start; nor does it keep the job alive."""
    await session.start_job(home, make_job("setsid sleep 301 & sleep 302"))
    await until(lambda: sum("sleep 30" in line for line in pod.commands()) >= 2)
    assert await session.arm_timer(home, timer(api)) == ""
    await session.stop_job(home, 1)
    assert await session.job_state(home) == Exited(143)
    (process,) = timers(pod)
    assert process.is_running()


@pytest.mark.parametrize("signal", [1, 2, 3, 15])
async def test_it_shrugs_off_signals(
    session: SshSession, home: RemoteHome, pod: PodServer, api: Provider, signal: int
) -> None:
    """A hang-up and its kin."""
    assert await session.arm_timer(home, timer(api, left=3)) == ""
    (process,) = timers(pod)
    process.send_signal(signal)
    assert await acted(api, pod) == ["/stop"]


async def test_signs_of_life_need_no_timer(session: SshSession, home: RemoteHome, pod: PodServer) -> None:
    """Where none is armed, a heartbeat and a mark do nothing; a lost connection is said."""
    await session.heartbeat(home)
    await session.mark_collected(home)
    assert not exists(Path(home.path) / ".herd/timer")
    pod.drop()
    with pytest.raises(HostUnreachable):
        await session.heartbeat(home)
