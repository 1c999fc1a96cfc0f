"""Who drives a run: a process, named so that no later process can be taken for it."""

import os
import socket
from hashlib import sha256
from pathlib import Path
from uuid import getnode

import psutil

from tools.spend_log.rows import Holder

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MACHINE_ID = Path("/etc/machine-id")
_PID_SPACE = Path("/proc/self/ns/pid")
_FIRST_PID_SPACE = "pid:[4026531836]"


def this_process(*, among_machines: bool = False) -> Holder:
    """The calling process.

    Args:
        among_machines: other machines read the name too, and one of them may have the same host name: two called
            `localhost` would each take the other's boot id for proof that it was rebooted.
    """
    pid = os.getpid()
    return Holder(boot_id=_boot_id(), pid=pid, started=_started(pid), host=_host(among_machines=among_machines))


def is_alive(holder: Holder) -> bool:
    """False only when `holder` is proven gone: this host rebooted since, or its pid is free, a zombie, or reused.

    A holder on another host can't be looked at and is assumed to live: its lease will expire.
    """
    if holder.host not in (_host(), _host(among_machines=True)):
        return True
    return holder.boot_id == _boot_id() and _started(holder.pid) == holder.started


def _boot_id() -> str:
    if _BOOT_ID.exists():
        return _BOOT_ID.read_text(encoding="ascii").strip()
    return f"{psutil.boot_time():.0f}"


def _host(*, among_machines: bool = False) -> str:
    """The host name; in a container also its pid space, since a pid says nothing about other containers' processes."""
    name = f"{socket.gethostname()} {_machine()}" if among_machines else socket.gethostname()
    if not _PID_SPACE.is_symlink():
        return name
    space = str(_PID_SPACE.readlink())
    return name if space == _FIRST_PID_SPACE else f"{name} {space}"


def _machine() -> str:
    """A few digits that no other machine has; made from its id, which is not to be told, or its network card's."""
    own = _MACHINE_ID.read_text(encoding="ascii").strip() if _MACHINE_ID.exists() else ""
    return sha256((own or f"{getnode():x}").encode()).hexdigest()[:8]


def _started(pid: int) -> str:
    """When the process began, or "" when there is none.

    From `/proc` in ticks since boot where there is one: `psutil.create_time` moves when the clock is set.
    """
    stat = Path(f"/proc/{pid}/stat")
    if not _BOOT_ID.exists():
        return _started_elsewhere(pid)
    try:
        after_name = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] in "ZX" else after_name[19]


def _started_elsewhere(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""
