"""The same scripts under other shells and with hardly a tool: one whole run each."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.tools.ssh.conftest import KINDS
from tests.tools.ssh.looking import ended, log_of, tree, until, write
from tests.tools.ssh.pods import PodServer
from tools.ports import Exited, JobStart, Vanished
from tools.ssh.snapshot import snapshot

Make = Callable[..., JobStart]


@pytest.fixture(params=["bash", "bare"])
async def pod(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PodServer]:
    """A pod whose `sh` is bash, and one without bash, perl and python."""
    folder = tmp_path / "pod"
    folder.mkdir()
    async with KINDS[request.param](folder) as server:
        yield server


async def test_a_whole_run(pod: PodServer, make_job: Make, tmp_path: Path) -> None:
    """Upload, setup, run, warning, log, outputs."""
    session = await pod.connect()
    home = await session.home("run-1")
    write(tmp_path / "here/a b.txt", b"input")
    snapshot(tmp_path / "here", tmp_path / "a.tar.gz")
    await session.upload(tmp_path / "a.tar.gz", f"{home.path}/work")
    run = 'trap "echo warned" USR1; cat "a b.txt"; echo; mkdir -p out; printf "%s" "$V" >out/v; sleep 5; exit 9'
    await session.start_job(home, make_job(run, setup="echo ready", env={"V": "it's\n\\0 %s 豚"}, lease=903))
    assert await log_of(session, home) == b"ready\ninput\nwarned\n"
    assert await session.job_state(home) == Exited(9)
    fetched = await session.fetch(home, ["out/"], tmp_path / "there")
    assert fetched.files == ("out/v",)
    assert tree(tmp_path / "there") == {"out/v": "it's\n\\0 %s 豚".encode()}


async def test_a_stop(pod: PodServer, make_job: Make) -> None:
    """TERM, then KILL, then an exit code."""
    session = await pod.connect()
    home = await session.home("run-1")
    await session.start_job(home, make_job("trap '' TERM; (setsid sleep 301 &); sleep 302; sleep 303"))
    await until(lambda: sum("sleep 30" in line for line in pod.commands()) >= 2)
    await session.stop_job(home, 1)
    assert await session.job_state(home) == Exited(137)
    assert not [line for line in pod.commands() if line.startswith("sleep 30")]


async def test_a_run_that_vanished(pod: PodServer, make_job: Make) -> None:
    """All killed from outside: no code."""
    session = await pod.connect()
    home = await session.home("run-1")
    await session.start_job(home, make_job("sleep 300"))
    await until(lambda: any(line.startswith("sleep 300") for line in pod.commands()))
    for process in pod.processes():
        if "sleep" in process.name() or ".herd/" in " ".join(process.cmdline()):
            process.kill()
    assert await ended(session, home) == Vanished()
