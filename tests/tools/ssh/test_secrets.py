"""Secrets reach the job, and nothing else on the pod or on the way."""

import contextlib
import threading
from collections.abc import Callable, Iterator

import psutil

from tests.tools.ssh.looking import ended, holding, read, until
from tests.tools.ssh.pods import PodServer
from tools.ports import Exited, JobStart, RemoteHome
from tools.ssh.session import SshSession

Make = Callable[..., JobStart]
SECRET = "hunter2-very-secret-value"


@contextlib.contextmanager
def watching_command_lines() -> Iterator[set[str]]:
    """Every command line seen on this machine while the block runs, looked at without a pause."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for process in psutil.process_iter():
                with contextlib.suppress(psutil.Error, OSError):
                    seen.add(" ".join(process.cmdline()))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


async def test_secrets_are_in_no_argument_and_in_no_file(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """Not while starting, not while running: only the job's own environment has them."""
    with watching_command_lines() as seen:
        await session.start_job(home, make_job('test -n "$TOKEN" && sleep 2', setup="sleep 0.5", env={"TOKEN": SECRET}))
        await until(lambda: any("sleep 2" in line for line in seen.copy()))
        assert holding(pod.folder, SECRET.encode()) == []
        assert await ended(session, home) == Exited(0)
    assert any("/.herd/runner" in line for line in seen)
    assert not [line for line in seen if SECRET in line]
    assert holding(pod.folder, SECRET.encode()) == []


async def test_the_runner_does_not_carry_secrets_in_its_environment(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """Only the job has them; what stays around beside it does not."""
    await session.start_job(home, make_job("sleep 20", env={"TOKEN": SECRET}))
    await until(lambda: any(line.startswith("sleep 20") for line in pod.commands()))
    runner = psutil.Process(int(read(pod.home_of("run-1") / ".herd/pid").split()[0]))
    assert SECRET not in runner.environ().values()
    carriers = [process for process in pod.processes() if SECRET in process.environ().values()]
    assert len(carriers) == 2
    await session.stop_job(home, 1)


async def test_a_secret_in_the_log_is_the_jobs_own_doing(session: SshSession, home: RemoteHome, make_job: Make) -> None:
    """The log is given as it is: masking is for whoever stores or shows it, and keeps every offset."""
    await session.start_job(home, make_job('echo "$TOKEN"', env={"TOKEN": SECRET}))
    got = b"".join([piece async for piece in session.follow(home, 0)])
    assert got == SECRET.encode() + b"\n"
