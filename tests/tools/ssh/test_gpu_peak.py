"""The most that a job used of its GPU, watched on the pod itself."""

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.tools.ssh.looking import ended, exists, until, write
from tests.tools.ssh.pods import PodServer, bare_pod, sandbox_pod
from tests.tools.ssh.test_gpu import nvidia_smi
from tools.ports import Exited, GpuPeak, JobStart, RemoteHome, Running
from tools.ssh import remote_gpu
from tools.ssh.session import SshSession

Make = Callable[..., JobStart]
REST = f"{shutil.which('sleep')} 0.4"
"""Long enough for many samples."""
KILLS_WHAT_WATCHES_IT = """
for folder in /proc/[0-9]*; do
  read -r line <"$folder/stat" || continue
  set -- ${line##*)}
  [ "$2" != "$PPID" ] || [ "${folder#/proc/}" = "$$" ] || kill -9 "${folder#/proc/}"
done 2>/dev/null
"""


@pytest.fixture(params=[sandbox_pod, bare_pod], ids=["sandbox", "sshd"])
async def pod(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PodServer]:
    """A pod where every nap takes a moment, and `nvidia-smi` shows what stands in a file; one has no `timeout`."""
    folder = tmp_path / "pod"
    folder.mkdir()
    async with request.param(folder) as server:
        (folder / "bin" / "sleep").unlink(missing_ok=True)
        write(folder / "bin" / "sleep", f"#!/bin/sh\nexec {shutil.which('sleep')} 0.03\n".encode()).chmod(0o755)
        nvidia_smi(server, f'[ "$*" = "{remote_gpu.ASKED}" ] && cat "{folder}/shown"')
        show(server, "600, 24564, 0")
        yield server


def show(pod: PodServer, line: str) -> None:
    write(pod.folder / "shown", f"{line}\n".encode())


def shows(pod: PodServer, *lines: str) -> str:
    """The text of a job that makes its GPU show these, one after the other."""
    return "\n".join(f"echo '{line}' >{pod.folder}/shown; {REST}" for line in lines)


async def test_a_peak_between_two_looks_is_kept(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """Each figure's own, of the whole time that the job ran, whoever was connected then."""
    lines = ("9000, 24564, 12", "300, 24564, 97", "20480, 24564, 40", "512, 24564, 3")
    await session.start_job(home, make_job(shows(pod, *lines)))
    assert await ended(session, home) == Exited(0)
    again = await pod.reconnect()
    assert await again.gpu_peak(home) == GpuPeak(20480, 24564, 97)


async def test_a_peak_can_be_read_while_the_job_runs(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """And a stopped job leaves nothing that goes on watching."""
    await session.start_job(home, make_job(f"{shutil.which('sleep')} 60"))
    await until(lambda: exists(pod.home_of("run-1") / ".herd/peak"))
    assert await session.job_state(home) == Running()
    assert await session.gpu_peak(home) == GpuPeak(600, 24564, 0)
    await session.stop_job(home, 1)
    await until(lambda: not any("runner" in command for command in pod.commands()))


SHOWN: dict[str, GpuPeak | None] = {
    "16384, 24564, [N/A]": GpuPeak(16384, 24564, 0),
    "16384, 24564, 55\n1, 81920, 99": GpuPeak(16384, 24564, 55),
    "[N/A], 24564, 55": None,
    "16384 MiB, 24564 MiB, 55 %": None,
    "No devices were found": None,
    "-5, 24564, 55": None,
    "99999, 24564, 55": None,
    "9999999999, 9999999999, 55": None,
    "5, 24564, 101": None,
    "$(touch /tmp/never), 24564, `id`": None,
    "٣, 24564, 55": None,
    "0, 0, 0": None,
    "": None,
}


async def test_only_what_can_be_so_is_believed(session: SshSession, pod: PodServer, make_job: Make) -> None:
    """No units, no signs, no more than there is; of several GPUs the first counts. The jobs feel nothing."""
    nvidia_smi(pod, "cat shown")
    homes = {line: await session.home(f"run-{number}") for number, line in enumerate(SHOWN)}
    for line, home in homes.items():
        write(Path(home.path) / ".herd/shown", f"{line}\n".encode())
        await session.start_job(home, make_job(REST))
    assert {await ended(session, home) for home in homes.values()} == {Exited(0)}
    assert {line: await session.gpu_peak(home) for line, home in homes.items()} == SHOWN


async def test_a_tool_that_fails_again_and_again_is_not_asked_any_more(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """Nor is what was seen before that kept: the job may have used more since."""
    nvidia_smi(pod, f'echo >>"{pod.folder}/asked"; [ $(wc -l <"{pod.folder}/asked") -lt 3 ] && echo "600, 24564, 0"')
    (pod.folder / "bin" / "wc").is_symlink() or shutil.copy(str(shutil.which("wc")), pod.folder / "bin" / "wc")
    await session.start_job(home, make_job(f"{REST}; {REST}"))
    assert await ended(session, home) == Exited(0)
    assert len((pod.folder / "asked").read_text().splitlines()) == 5
    assert await session.gpu_peak(home) is None


async def test_a_pod_without_the_tool_is_silent(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """So is one whose job has not begun."""
    (pod.folder / "bin" / "nvidia-smi").unlink()
    assert await session.gpu_peak(home) is None
    await session.start_job(home, make_job(REST))
    assert await ended(session, home) == Exited(0)
    assert await session.gpu_peak(home) is None


async def test_who_was_not_watched_to_the_end_has_no_peak(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """What killed the sampler, the host's memory running out for one, leaves too low a figure."""
    job = f"{REST}\n{KILLS_WHAT_WATCHES_IT}\n{shows(pod, '20480, 24564, 97')}"
    await session.start_job(home, make_job(job))
    await until(lambda: exists(pod.home_of("run-1") / ".herd/peak"))
    assert await ended(session, home) == Exited(0)
    assert await session.gpu_peak(home) is None


async def test_nobody_watches_a_job_whose_runner_is_gone(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """A runner that was killed leaves no exit code to wait for."""
    await session.start_job(home, make_job(f"{shutil.which('sleep')} 60 & kill -9 $PPID", warn=7200))
    await until(lambda: not any("runner" in command for command in pod.commands()))


async def test_what_a_job_writes_there_is_read_as_strictly(
    session: SshSession, home: RemoteHome, pod: PodServer
) -> None:
    """The file is the job's own user's."""
    for left in ("1 2", "1 2 3 4", "1 2 3", "x" * 10_000, "5 2 3\n", "1 2 101\n", "-1 2 3\n", "\0"):
        write(pod.home_of("run-1") / ".herd/peak", left.encode())
        assert await session.gpu_peak(home) is None, left
