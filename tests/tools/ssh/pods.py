"""Two kinds of pods for the tests: the sandbox's, and OpenSSH's own `sshd`; both run real commands."""

import asyncio
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import psutil

from tests.openssh import openssh
from tools.errors import HostUnreachable
from tools.sandbox.pods import Pod
from tools.ssh import LoginKeys, SshPods, load_keys
from tools.ssh.session import SshSession

LOOPBACK = "127.0.0.1"
BARE_TOOLS = ["sh", "dd", "cat", "mkdir", "chmod", "mv", "rm", "sleep", "setsid", "tr", "grep", "stat", "tail", "head"]
BARE_TOOLS += ["date", "gzip", "tar", "tee", "mktemp", "mkfifo", "find", "readlink", "xargs", "sha256sum"]


@dataclass
class PodServer:
    """A pod that listens on loopback; everything of it lies in `folder`."""

    folder: Path
    user: str
    port: int
    host_key: asyncssh.SSHKey
    keys: LoginKeys
    opened: list[SshSession] = field(default_factory=list)

    @property
    def access(self) -> str:
        """As an order's `access.ssh` has it."""
        return f"ssh {self.user}@{LOOPBACK} -p {self.port}"

    @property
    def workspace(self) -> Path:
        """What `/workspace` is on a real pod."""
        return self.folder / "workspace"

    def pods(self) -> SshPods:
        """A dialler with the right key."""
        return SshPods(self.keys, allow_private=True, connect_timeout=10)

    async def connect(self) -> SshSession:
        """Dial, again while sshd comes up."""
        for _ in range(50):
            with contextlib.suppress(HostUnreachable):
                session = await self.pods().connect(self.access, None)
                self.opened.append(session)
                return session
            await asyncio.sleep(0.1)
        raise AssertionError("the test's pod does not come up")

    async def reconnect(self) -> SshSession:
        """Kill every transport there is, as a broken network would, and dial again."""
        self.drop()
        return await self.connect()

    def drop(self) -> None:
        """Cut all connections without a goodbye."""
        for session in self.opened:
            session._connection.abort()
        self.opened.clear()

    def environment(self) -> dict[str, str]:
        """What commands on the pod find."""
        env = {"HOME": str(self.folder / "home"), "SWINEHERD_WORKSPACE": str(self.workspace), "SWINEHERD_VOLUME": "1"}
        tools = self.folder / "bin"
        return {**env, "PATH": str(tools)} if tools.is_dir() else env

    def home_of(self, run_id: str) -> Path:
        """Where the run's folder lies on this machine."""
        return self.workspace / "swineherd" / run_id

    def processes(self) -> list[psutil.Process]:
        """Whatever still runs on this pod."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get("SWINEHERD_WORKSPACE") == str(self.workspace):
                    found.append(process)
        return found

    def commands(self) -> list[str]:
        """Command lines of what runs on this pod, zombies left out."""
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                found.append(" ".join(process.cmdline()))
        return found


def furnish(folder: Path) -> tuple[LoginKeys, asyncssh.SSHKey]:
    """Folders, a login key and a host key."""
    for name in ("home", "workspace"):
        (folder / name).mkdir()
    login = asyncssh.generate_private_key("ssh-ed25519")
    login.write_private_key(folder / "login")
    (folder / "login").chmod(0o600)
    login.write_public_key(folder / "authorized_keys")
    return load_keys(folder / "login", None, folder), asyncssh.generate_private_key("ssh-ed25519")


@contextlib.asynccontextmanager
async def sandbox_pod(folder: Path) -> AsyncIterator[PodServer]:
    """A pod of the sandbox: asyncssh, in this process."""
    keys, host_key = furnish(folder)
    host_key.write_private_key(folder / "host_key")
    box = Pod("pod-under-test", folder)
    port = await box.open(asyncssh.read_private_key(folder / "login"))
    pod = PodServer(folder, "root", port, host_key, keys)
    try:
        yield pod
    finally:
        pod.drop()
        await box.close()
        await clean_up(pod)


@contextlib.asynccontextmanager
async def bash_pod(folder: Path) -> AsyncIterator[PodServer]:
    """A pod whose `sh` is bash."""
    (folder / "bin").mkdir()
    (folder / "bin" / "sh").symlink_to("/bin/bash")
    async with sandbox_pod(folder) as pod:
        yield pod


@contextlib.asynccontextmanager
async def bare_pod(folder: Path) -> AsyncIterator[PodServer]:
    """A pod with the least there is: no bash on its PATH, no perl, no python."""
    (folder / "bin").mkdir()
    for name in BARE_TOOLS:
        found = shutil.which(name)
        assert found, name
        (folder / "bin" / name).symlink_to(found)
    async with sshd_pod(folder) as pod:
        yield pod


@contextlib.asynccontextmanager
async def sshd_pod(folder: Path) -> AsyncIterator[PodServer]:
    """A pod that is OpenSSH's server, run by the user who runs the tests."""
    sshd = openssh("sshd")
    _make_run_folder()
    keys, host_key = furnish(folder)
    pod = PodServer(folder, getpass.getuser(), free_port(), host_key, keys)
    server = await asyncio.create_subprocess_exec(sshd, "-D", "-e", "-f", str(_config(pod)), stderr=subprocess.DEVNULL)
    try:
        yield pod
    finally:
        pod.drop()
        with contextlib.suppress(ProcessLookupError):
            server.terminate()
        await server.wait()
        await clean_up(pod)


def _make_run_folder() -> None:
    """Debian's sshd, run by root, wants it to drop its privileges in."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)


def _config(pod: PodServer) -> Path:
    pod.host_key.write_private_key(pod.folder / "host_key")
    (pod.folder / "host_key").chmod(0o600)
    path = pod.folder / "sshd_config"
    lines = [
        f"Port {pod.port}",
        f"ListenAddress {LOOPBACK}",
        f"HostKey {pod.folder / 'host_key'}",
        f"AuthorizedKeysFile {pod.folder / 'authorized_keys'}",
        f"PidFile {pod.folder / 'sshd.pid'}",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "PermitRootLogin yes",
        "MaxSessions 100",
        "MaxStartups 100",
        "SetEnv " + " ".join(f"{name}={value}" for name, value in pod.environment().items()),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


async def clean_up(pod: PodServer) -> None:
    """Nothing of a test outlives it."""
    for _ in range(50):
        left = pod.processes()
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        if not left:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.02)  # the loop hears a moment later that one has ended, and lets go of it in its next turn
    shutil.rmtree(pod.folder, ignore_errors=True)
