"""The timer with one tool alone, under other shells, and what others on the pod can see of it: never the order."""

import asyncio
import contextlib
import os
import shutil
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from tests.tools.ssh.looking import ended, exists, holding, until
from tests.tools.ssh.pods import BARE_TOOLS, PodServer, bash_pod, sshd_pod
from tests.tools.ssh.provider import ORDER, Provider, provider
from tools.ports import JobStart, Timer

Make = Callable[..., JobStart]

PATIENCE = 60.0
PYTHON = str(Path(sys.executable).resolve())


@pytest.fixture
def api() -> Iterator[Provider]:
    """The provider that the timer calls."""
    with provider() as found:
        yield found


def timer(api: Provider, left: float, silence: int = 3600) -> Timer:
    return Timer(api.api_url, ORDER, datetime.now(UTC) + timedelta(seconds=left), silence)


@contextlib.asynccontextmanager
async def pod_with(folder: Path, *tools: str) -> AsyncIterator[PodServer]:
    """A pod with the least there is, and these tools; left out where this machine has not got one."""
    (folder / "pod/bin").mkdir(parents=True)
    for name in (*BARE_TOOLS, *tools):
        found = PYTHON if name == "python3" else shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed here")
        (folder / "pod/bin" / name).symlink_to(found)
    async with sshd_pod(folder / "pod") as pod:
        yield pod


def seen_by_others(pod: PodServer) -> bytes:
    """All arguments and environments on this machine, the pod's own among them."""
    seen = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            seen.append("\0".join(process.cmdline()).encode())
            seen.append(repr(process.environ()).encode())
    assert any(str(pod.workspace).encode() in text for text in seen)
    return b"\n".join(seen)


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def asking(pod: PodServer, tool: str) -> bool:
    """Whether the tool runs on the pod."""
    program = os.path.basename(PYTHON) if tool == "python3" else tool  # noqa: PTH119 - no file is touched
    return any(program in line.split(" ", 1)[0] or f"{tool} " in line for line in pod.commands())


@pytest.mark.parametrize("tool", ["curl", "wget", "python3"])
async def test_each_tool_will_do_and_none_shows_the_order(
    tmp_path: Path, api: Provider, make_job: Make, tool: str
) -> None:
    """Armed, and stopping the pod in time; neither `ps` nor a file nor an environment names the order meanwhile."""
    async with pod_with(tmp_path, tool) as pod:
        session = await pod.connect()
        home = await session.home("run-1")
        api.open.clear()
        arming = asyncio.create_task(session.arm_timer(home, timer(api, left=8)))
        await until(lambda: bool(api.requests), PATIENCE)
        assert asking(pod, tool)
        assert ORDER.encode() not in seen_by_others(pod)
        api.open.set()
        assert await arming == ""
        assert holding(pod.folder, ORDER.encode()) == []
        folder = Path(home.path) / ".herd/timer"
        assert (stat.S_IMODE(os.stat(folder).st_mode), modes(folder)) == (0o700, {0o600})  # noqa: PTH116 - no walk
        api.open.clear()
        await until(lambda: bool(api.posts), PATIENCE)
        assert ORDER.encode() not in seen_by_others(pod)
        assert holding(pod.folder, ORDER.encode()) == []
        api.open.set()
        await until(lambda: api.status == "stopped", PATIENCE)


async def test_without_any_tool_there_is_no_timer(tmp_path: Path, api: Provider) -> None:
    """And it says what is missing."""
    async with pod_with(tmp_path) as pod:
        session = await pod.connect()
        home = await session.home("run-1")
        assert "neither curl nor wget nor python3" in await session.arm_timer(home, timer(api, left=60))
        assert not any("timer/timer" in line for line in pod.commands())
    assert api.requests == []


@pytest.mark.parametrize("broken", ["curl", "wget"])
async def test_a_tool_that_is_broken_is_passed_over(tmp_path: Path, api: Provider, broken: str) -> None:
    """One without certificates, or of another make that knows other options: the next one is asked."""
    async with pod_with(tmp_path, "python3") as pod:
        stand_in = pod.folder / "bin" / broken
        stand_in.write_text("#!/bin/sh\necho 'unknown option' >&2\nexit 1\n")
        stand_in.chmod(0o755)
        session = await pod.connect()
        assert await session.arm_timer(await session.home("run-1"), timer(api, left=60)) == ""


async def test_settings_of_the_pods_own_do_not_move_the_calls(tmp_path: Path, api: Provider) -> None:
    """Neither `.curlrc` nor `.wgetrc` sends the order elsewhere."""
    for tool, file, line in (("curl", ".curlrc", 'proxy = "http://127.0.0.1:1"\n'), ("wget", ".wgetrc", "tries = x\n")):
        async with pod_with(tmp_path / tool, tool) as pod:
            (pod.folder / "home" / file).write_text(line)
            session = await pod.connect()
            assert await session.arm_timer(await session.home("run-1"), timer(api, left=60)) == ""


async def test_where_sh_is_bash(tmp_path: Path, api: Provider, make_job: Make) -> None:
    """A whole life: armed, the job ends, a mark, a silence, terminated."""
    folder = tmp_path / "pod"
    folder.mkdir()
    async with bash_pod(folder) as pod:
        session = await pod.connect()
        home = await session.home("run-1")
        assert await session.arm_timer(home, timer(api, left=3600, silence=1)) == ""
        await session.start_job(home, make_job("true"))
        await ended(session, home)
        await session.mark_collected(home)
        await until(lambda: api.status == "terminated", PATIENCE)
        assert api.verbs == ["/terminate"]
        assert exists(Path(home.path) / ".herd/timer/collected")
