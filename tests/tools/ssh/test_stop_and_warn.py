"""Ending a job, telling it that its time is nearly over, and seeing that it is gone."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.tools.ssh.looking import ended, exists, log_of, read, until, write
from tests.tools.ssh.pods import PodServer
from tools.ports import Exited, JobStart, RemoteHome, Running, Vanished
from tools.ssh.session import SshSession

Make = Callable[..., JobStart]


async def test_stop_ends_grandchildren_and_those_that_left_the_session(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """Nothing the job started runs on, however far it went."""
    await session.start_job(home, make_job("setsid sleep 301 & (sleep 302 &) ; sleep 303"))
    await until(lambda: sum("sleep 30" in line for line in pod.commands()) >= 3)
    await session.stop_job(home, 5)
    assert await session.job_state(home) == Exited(143)
    assert not [line for line in pod.commands() if line.startswith("sleep 30")]


async def test_a_run_of_the_same_name_elsewhere_is_not_touched(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """Pods may share a machine, and a run may have two of them: each job is known by its own folder."""
    other = RemoteHome(f"{pod.folder}/home/swineherd/run-1", on_volume=False)
    for name in ("work", ".herd"):
        write(Path(other.path) / name / "keep")
    await session.start_job(other, make_job("setsid sleep 311; exit 3"))
    await session.start_job(home, make_job("setsid sleep 312"))
    await until(lambda: sum("sleep 31" in line for line in pod.commands()) >= 2)
    await session.stop_job(home, 1)
    assert await session.job_state(home) == Exited(143)
    assert await session.job_state(other) == Running()
    assert [line for line in pod.commands() if line.startswith("sleep 31")] == ["sleep 311"]
    await session.stop_job(other, 1)


async def test_stop_kills_what_ignores_sigterm(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """After the grace comes SIGKILL."""
    await session.start_job(home, make_job("trap '' TERM; echo up; sleep 301; sleep 302"))
    await until(lambda: any("sleep 301" in line for line in pod.commands()))
    await session.stop_job(home, 1)
    assert await session.job_state(home) == Exited(137)
    assert not [line for line in pod.commands() if line.startswith("sleep 30")]


async def test_stop_lets_a_job_save_its_work(session: SshSession, home: RemoteHome, make_job: Make) -> None:
    """SIGTERM comes first, and the job's own exit code is kept."""
    await session.start_job(home, make_job("trap 'echo saved; exit 5' TERM; echo up; while :; do sleep 0.1; done"))
    async for _ in session.follow(home, 0):
        break
    await session.stop_job(home, 10)
    assert (await log_of(session, home)).splitlines()[-1] == b"saved"
    assert await session.job_state(home) == Exited(5)


async def test_stop_during_setup_never_reaches_run(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """A setup that ends well on SIGTERM is still the end."""
    setup = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
    await session.start_job(home, make_job("touch ran", setup=setup))
    await until(lambda: any("herd/setup" in line for line in pod.commands()))
    await session.stop_job(home, 5)
    assert await session.job_state(home) == Exited(143)
    assert not exists(pod.home_of("run-1") / "work/ran")


async def test_stop_again_keeps_the_code(session: SshSession, home: RemoteHome, make_job: Make) -> None:
    """Stopping what has ended changes nothing."""
    await session.start_job(home, make_job("exit 3"))
    await ended(session, home)
    await session.stop_job(home, 1)
    assert await session.job_state(home) == Exited(3)


async def test_a_listener_is_warned_and_others_are_left_alone(
    session: SshSession, home: RemoteHome, make_job: Make
) -> None:
    """SIGUSR1 would kill what does not catch it: only catchers get it."""
    run = "trap 'echo warned' USR1; sleep 5; echo slept $?"
    await session.start_job(home, make_job(run, lease=903))
    assert sorted((await log_of(session, home)).splitlines()) == [b"slept 0", b"warned"]
    assert await session.job_state(home) == Exited(0)


async def test_a_job_that_does_not_listen_lives_through_the_warning(
    session: SshSession, home: RemoteHome, make_job: Make
) -> None:
    """Neither the shell nor what it runs is hit."""
    await session.start_job(home, make_job("sleep 4; echo fine", lease=902))
    assert await log_of(session, home) == b"fine\n"
    assert await session.job_state(home) == Exited(0)


async def test_the_warning_leaves_nothing_behind(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """When the job ends first, the timer goes with it."""
    await session.start_job(home, make_job("true", lease=3600))
    await ended(session, home)
    await until(lambda: not [line for line in pod.commands() if "sleep" in line or "runner" in line])


async def test_a_job_killed_whole_has_vanished(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """Started, not running, no exit code: neither running nor ended."""
    await session.start_job(home, make_job("sleep 300"))
    await until(lambda: any(line.startswith("sleep 300") for line in pod.commands()))
    _kill(pod, ["herd/runner", "herd/run", "sleep"])
    assert await ended(session, home) == Vanished()


async def test_a_job_whose_runner_died_still_runs(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """What counts is the job; a stop still finds it, and writes an end."""
    await session.start_job(home, make_job("sleep 300"))
    await until(lambda: any(line.startswith("sleep 300") for line in pod.commands()))
    _kill(pod, ["herd/runner"])
    assert await session.job_state(home) == Running()
    await session.stop_job(home, 5)
    assert await session.job_state(home) == Exited(137)
    assert not [line for line in pod.commands() if line.startswith("sleep 300")]


async def test_a_process_id_used_again_is_not_the_job(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """After a pod's restart the old number may be anybody's: the birth mark decides."""
    await session.start_job(home, make_job("sleep 300"))
    await until(lambda: any(line.startswith("sleep 300") for line in pod.commands()))
    pid_file = pod.home_of("run-1") / ".herd/pid"
    mark = read(pid_file).splitlines()[1]
    _kill(pod, ["herd/runner", "herd/run", "sleep"])
    stranger = psutil.Process().pid
    pid_file.write_bytes(b"%d\n%s\n" % (stranger, mark))
    assert await session.job_state(home) == Vanished()
    await session.stop_job(home, 0)
    assert psutil.pid_exists(stranger)


@pytest.mark.parametrize("signal", [1, 2, 15])
async def test_the_runner_shrugs_off_signals(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make, signal: int
) -> None:
    """A hang-up and its kin to the runner lose no exit code."""
    await session.start_job(home, make_job("sleep 1; exit 4"))
    runner = int(read(pod.home_of("run-1") / ".herd/pid").split()[0])
    psutil.Process(runner).send_signal(signal)
    assert await ended(session, home) == Exited(4)


def _kill(pod: PodServer, words: list[str]) -> None:
    """SIGKILL to the processes of `pod` whose command has one of `words`; the warning's timer goes with its runner."""
    for process in pod.processes():
        line = " ".join(process.cmdline())
        if any(word in line for word in words):
            process.kill()
