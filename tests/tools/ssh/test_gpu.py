"""What a pod says of its own GPU."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tools.ssh.looking import write
from tests.tools.ssh.pods import PodServer, bare_pod, sandbox_pod
from tools.ports import GpuSeen
from tools.ssh import remote_gpu
from tools.ssh.channel import run
from tools.ssh.session import SshSession


@pytest.fixture(params=[sandbox_pod, bare_pod], ids=["sandbox", "sshd"])
async def pod(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PodServer]:
    """A pod whose commands are found in its own `bin` first; the second one is OpenSSH's, without `timeout`."""
    folder = tmp_path / "pod"
    folder.mkdir()
    async with request.param(folder) as server:
        yield server


def nvidia_smi(pod: PodServer, script: str) -> None:
    write(pod.folder / "bin" / "nvidia-smi", f"#!/bin/sh\n{script}\n".encode()).chmod(0o755)


async def test_name_and_memory_are_read(pod: PodServer, session: SshSession) -> None:
    """As nvidia-smi prints them for exactly the question that is asked; of several GPUs the largest."""
    asked = "--query-gpu=name,memory.total --format=csv,noheader,nounits"
    nvidia_smi(pod, f'[ "$*" = "{asked}" ] && echo "NVIDIA T4, 15360" && echo "NVIDIA A100-SXM4-80GB, 81920"')
    assert await session.gpu() == GpuSeen("NVIDIA A100-SXM4-80GB", 81920)


async def test_a_pod_without_the_tool_says_nothing(pod: PodServer, session: SshSession) -> None:
    """One that fails, as without a driver, says no more than one that is missing."""
    assert await session.gpu() is None


@pytest.mark.parametrize(
    "script",
    [
        "exit 9",
        "echo 'No devices were found'; exit 6",
        "echo 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver'; exit 9",
        "echo 'NVIDIA A100, [N/A]'",
        "echo 'NVIDIA A100, 81920 MiB'",
        "echo 'NVIDIA A100, 81920'; echo 'and something else'",
        "echo 'NVIDIA A100, -1'",
        "echo 'NVIDIA A100, 999999999999'",
        "printf 'NVIDIA \\033[31mA100, 81920\\n'",
        "printf '%0200d, 81920\\n' 1",
        "i=0; while [ $i -lt 2000 ]; do echo 'NVIDIA A100, 81920'; i=$((i+1)); done; echo",
        "printf '\\377\\376\\n'",
    ],
)
async def test_anything_else_proves_nothing(pod: PodServer, session: SshSession, script: str) -> None:
    """Errors, units, other text, escape sequences, figures and names beyond all measure, output without an end."""
    nvidia_smi(pod, script)
    assert await session.gpu() is None


async def test_a_driver_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    """Where the pod has `timeout`, which nearly all have."""
    folder = tmp_path / "pod"
    folder.mkdir()
    async with sandbox_pod(folder) as pod:
        session = await pod.connect()
        nvidia_smi(pod, "exec sleep 600")
        assert "timeout 20" in remote_gpu.GPU
        hasty = remote_gpu.GPU.replace("timeout 20", "timeout 1")
        output, ended = await run(session._connection, hasty, {}, seconds=60)
        assert (output, ended.code) == (b"", 0)
