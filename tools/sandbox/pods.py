"""Pods: a folder, a host key and an SSH server each, on loopback."""

import asyncio
import os
import shlex
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import asyncssh

from tools.sandbox.commands import Surroundings, run
from tools.sandbox.nvidia_smi import NO_DRIVER
from tools.sandbox.processes import POD_VARIABLE, PodTraits, kill_all

LOOPBACK = "127.0.0.1"
USER = "root"
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin"


_COMMANDS_END_WITHIN = 2.0
"""Seconds after their processes were killed."""


class Pod:
    """One pod's folder and, while it runs, its SSH server."""

    def __init__(self, pod_id: str, folder: Path) -> None:
        self.pod_id = pod_id
        self.folder = folder
        self._leaders: set[int] = set()
        self._server: asyncssh.SSHAcceptor | None = None
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._commands: set[asyncio.Task[None]] = set()
        self._drop_seconds: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether its SSH server listens."""
        return self._server is not None

    async def open(self, client_key: asyncssh.SSHKey, port: int = 0, nvidia_smi: str = NO_DRIVER) -> int:
        """Make what is missing of the folder and listen; on `port` where that is still free. Returns the port.

        Args:
            nvidia_smi: the script of that name.
        """
        self._furnish(nvidia_smi)
        host_key = _load_or_make_key(self.folder / "host_key")
        try:
            self._server = await self._listen(host_key, client_key, port)
        except OSError:
            if port == 0:
                raise
            self._server = await self._listen(host_key, client_key, 0)
        return self._server.get_port()

    async def close(self) -> None:
        """Stop listening and drop connections; processes go on."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        await server.wait_closed()
        for connection in list(self._connections):
            connection.abort()
            await connection.wait_closed()

    def drop_after(self, seconds: float | None) -> None:
        """Drop every connection when it is so old, counted from now for those that are open; None: never."""
        if seconds == self._drop_seconds:
            return
        self._drop_seconds = seconds
        for connection in self._connections:
            self._drop_later(connection)

    def _drop_later(self, connection: asyncssh.SSHServerConnection) -> None:
        if self._drop_seconds is not None:
            asyncio.get_running_loop().call_later(self._drop_seconds, self._drop, connection)

    def _drop(self, connection: asyncssh.SSHServerConnection) -> None:
        if self._drop_seconds is not None and connection in self._connections:
            connection.abort()

    def _admit(self, connection: asyncssh.SSHServerConnection) -> None:
        self._connections.add(connection)
        self._drop_later(connection)

    async def stop(self) -> list[int]:
        """Close, kill every process and wipe all but the volume; returns process ids that would not die."""
        left = await self.crash()
        for entry in list(self.folder.iterdir()) if self.folder.is_dir() else []:
            if entry.name != "workspace":
                await asyncio.to_thread(_remove, entry)
        return left

    async def crash(self) -> list[int]:
        """Close and kill every process, files left as they are; returns process ids that would not die."""
        await self.close()
        left = await asyncio.to_thread(kill_all, self._traits())
        await self._end_commands()
        return left

    async def _end_commands(self) -> None:
        """Their processes are dead: what stood behind them ends too, by itself but for a moment."""
        if self._commands:
            await asyncio.wait(self._commands, timeout=_COMMANDS_END_WITHIN)
        for command in self._commands:
            command.cancel()
        await asyncio.gather(*self._commands, return_exceptions=True)

    async def destroy(self) -> list[int]:
        """Close, kill every process and remove the folder; returns process ids that would not die."""
        if not self.is_open and not self.folder.exists():
            return []
        left = await self.crash()
        await asyncio.to_thread(_remove, self.folder)
        return left

    def _traits(self) -> PodTraits:
        return PodTraits(self.pod_id, self.folder, self._marker, frozenset(self._leaders))

    @property
    def _marker(self) -> Path:
        return self.folder / "marker"

    def _furnish(self, nvidia_smi: str) -> None:
        for name in ("home", "workspace", "bin"):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._marker.touch()
        # The interpreter itself, not the environment swineherd is installed in: a job's `pip install` stays out of it.
        interpreter = Path(sys.executable).resolve()
        for name in ("python", "python3"):
            self._put_tool(name, f'#!/bin/sh\nexec {shlex.quote(str(interpreter))} "$@"\n')
        self._put_tool("nvidia-smi", nvidia_smi)

    def _put_tool(self, name: str, script: str) -> None:
        tool = self.folder / "bin" / name
        tool.write_text(script)
        tool.chmod(0o700)

    def _surroundings(self) -> Surroundings:
        env = {
            "PATH": f"{self.folder / 'bin'}:{_SYSTEM_PATH}",
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "USER": USER,
            "LOGNAME": USER,
            "SWINEHERD_WORKSPACE": str(self.folder / "workspace"),
            "SWINEHERD_VOLUME": "1",
            POD_VARIABLE: self.pod_id,
        }
        return Surroundings(self.folder / "home", env, self._marker)

    async def _listen(self, host_key: asyncssh.SSHKey, client_key: asyncssh.SSHKey, port: int) -> asyncssh.SSHAcceptor:
        async def command(process: asyncssh.SSHServerProcess[bytes]) -> None:
            task = asyncio.current_task()
            if task is not None:
                self._commands.add(task)
                task.add_done_callback(self._commands.discard)
            await run(process, self._surroundings(), self._leaders)

        return await asyncssh.listen(
            LOOPBACK,
            port,
            server_factory=lambda: _Login(client_key, self._admit, self._connections.discard),
            server_host_keys=[host_key],
            process_factory=command,
            encoding=None,
            line_editor=False,
            agent_forwarding=False,
            gss_host=None,
            compression_algs=None,
        )


class _Login(asyncssh.SSHServer):
    """Lets in one user with one key."""

    def __init__(
        self,
        client_key: asyncssh.SSHKey,
        came: Callable[[asyncssh.SSHServerConnection], None],
        went: Callable[[asyncssh.SSHServerConnection], None],
    ) -> None:
        self._client_key = client_key
        self._came = came
        self._went = went
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._came(conn)

    def connection_lost(self, _: Exception | None) -> None:
        if self._connection is not None:
            self._went(self._connection)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key.public_data == self._client_key.public_data


def client_key(folder: Path) -> tuple[Path, asyncssh.SSHKey]:
    """The one key that logs in on this sandbox's pods, made at first use, and where its private half lies."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "id_ed25519"
    key = _load_or_make_key(path)
    path.with_suffix(".pub").write_bytes(key.export_public_key())
    return path, key


def _load_or_make_key(path: Path) -> asyncssh.SSHKey:
    if not path.exists():
        fresh = asyncssh.generate_private_key("ssh-ed25519", comment="swineherd sandbox").export_private_key()
        partial = path.with_suffix(".partial")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(fresh)
        partial.replace(path)
    return asyncssh.read_private_key(path)


def _remove(path: Path) -> None:
    """Delete a file or a whole folder, folders a job made unreadable or read-only included."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    path.chmod(stat.S_IRWXU)
    for parent, folders, _ in os.walk(path):
        for name in folders:
            folder = Path(parent, name)
            if not folder.is_symlink():
                folder.chmod(stat.S_IRWXU)
    shutil.rmtree(path)
