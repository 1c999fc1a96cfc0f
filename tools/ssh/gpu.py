"""A pod's GPU: what it is, and the most that a job used of it. All of it is data from outside."""

import re

import asyncssh

from tools.errors import HostUnreachable
from tools.ports import GpuPeak, GpuSeen, RemoteHome
from tools.ssh import remote_gpu
from tools.ssh.channel import run_checked

_LINE = re.compile(r"([^\x00-\x1f,]{1,100}), ([0-9]{1,8})", re.ASCII)
_PEAK = re.compile(r"([1-9][0-9]{0,6}) ([1-9][0-9]{0,6}) ([0-9]{1,3})\n", re.ASCII)
_QUICK = 120.0
_READING = 10.0
"""Seconds."""


async def seen(connection: asyncssh.SSHClientConnection) -> GpuSeen | None:
    """The GPU with the most memory; None unless every line that `nvidia-smi` prints is a name and its MiB."""
    output = await run_checked(
        connection, remote_gpu.GPU, {}, error=HostUnreachable, doing="asking nvidia-smi", seconds=_QUICK
    )
    found = [_LINE.fullmatch(line) for line in output.decode("utf-8", "replace").splitlines()]
    gpus = [GpuSeen(match[1], int(match[2])) for match in found if match]
    return max(gpus, key=lambda one: one.memory_mib) if gpus and len(gpus) == len(found) else None


async def peak(connection: asyncssh.SSHClientConnection, home: RemoteHome) -> GpuPeak | None:
    """What the job's sampler has seen; None where it saw nothing, or what it left can't be so."""
    output = await run_checked(
        connection,
        remote_gpu.PEAK,
        {"home": home.path},
        error=HostUnreachable,
        doing="reading the GPU's peak",
        seconds=_READING,
    )
    found = _PEAK.fullmatch(output.decode("ascii", "replace"))
    if found is None:
        return None
    used, whole, util = map(int, found.groups())
    return GpuPeak(used, whole, util) if used <= whole and util <= 100 else None
