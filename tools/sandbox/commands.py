"""One command on a pod: a real subprocess behind an SSH channel, bytes both ways, as sshd runs it."""

import asyncio
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import asyncssh

_CHUNK = 64 * 1024
_NO_TERMINAL = b"Sandbox pods have no terminal. Give a command, or pipe a script into ssh.\r\n"
_LOST = (asyncssh.Error, OSError)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a pod's commands run, and with what.

    Attributes:
        cwd: working folder.
        env: the whole environment; nothing of the server's own is added.
        marker: a file that stays open in the command and all it starts.
    """

    cwd: Path
    env: dict[str, str]
    marker: Path


@dataclass(frozen=True, slots=True)
class _Pipes:
    """The server's ends of a command's three pipes."""

    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    stderr: asyncio.StreamReader
    transports: tuple[asyncio.BaseTransport, ...]

    def close(self) -> None:
        for transport in self.transports:
            transport.close()


async def run(process: asyncssh.SSHServerProcess[bytes], around: Surroundings, leaders: set[int]) -> None:
    """Run the command an SSH client asked for, or a shell on its stdin, and report how it ended.

    There are no terminals: a command that asks for one runs without, an interactive shell is refused with a word.

    Returns when the command has ended and everything that inherited its output has closed it, as sshd does. A client
    that goes away does not end the command: only its pipes close. The command's process id is in `leaders` meanwhile.
    """
    if process.command is None and process.term_type is not None:
        process.stderr.write(_NO_TERMINAL)
        process.exit(1)
        return
    pipes, theirs = await _open_pipes()
    try:
        child = await _spawn(process.command, around, theirs)
    finally:
        for fd in theirs:
            os.close(fd)
    leaders.add(child.pid)
    try:
        await _converse(process, child, pipes)
    finally:
        leaders.discard(child.pid)
    _report(process, child.returncode or 0)


async def _converse(
    process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process, pipes: _Pipes
) -> None:
    feeding = asyncio.create_task(_feed(process.stdin, pipes.stdin, child.pid))
    lost = asyncio.create_task(_close_when_lost(process, pipes))
    try:
        await asyncio.gather(_drain(pipes.stdout, process.stdout), _drain(pipes.stderr, process.stderr))
        pipes.transports[1].close()
        pipes.transports[2].close()
        await child.wait()
    finally:
        feeding.cancel()
        lost.cancel()
        await asyncio.gather(feeding, lost, return_exceptions=True)
        pipes.close()


async def _spawn(command: str | None, around: Surroundings, theirs: tuple[int, int, int]) -> asyncio.subprocess.Process:
    shell = shutil.which("bash", path=around.env["PATH"]) or "/bin/sh"
    arguments = ("-s",) if command is None else ("-c", command)
    marker = os.open(around.marker, os.O_RDONLY)
    try:
        return await asyncio.create_subprocess_exec(
            shell,
            *arguments,
            stdin=theirs[0],
            stdout=theirs[1],
            stderr=theirs[2],
            cwd=around.cwd,
            env=around.env,
            pass_fds=(marker,),
            start_new_session=True,
        )
    finally:
        os.close(marker)


async def _open_pipes() -> tuple[_Pipes, tuple[int, int, int]]:
    """Our ends as streams, and the command's ends as file descriptors that the caller closes.

    `asyncio.create_subprocess_exec(stdin=PIPE, …)` would make them too, but gives no way to close a read end early
    and may tie `wait()` to a pipe that a background process keeps open.
    """
    stdin_read, stdin_write = os.pipe()
    stdout_read, stdout_write = os.pipe()
    stderr_read, stderr_write = os.pipe()
    stdin, stdin_transport = await _writer(stdin_write)
    stdout, stdout_transport = await _reader(stdout_read)
    stderr, stderr_transport = await _reader(stderr_read)
    transports = (stdin_transport, stdout_transport, stderr_transport)
    return _Pipes(stdin, stdout, stderr, transports), (stdin_read, stdout_write, stderr_write)


async def _reader(fd: int) -> tuple[asyncio.StreamReader, asyncio.BaseTransport]:
    reader = asyncio.StreamReader(limit=4 * _CHUNK)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", 0))
    return reader, transport


async def _writer(fd: int) -> tuple[asyncio.StreamWriter, asyncio.BaseTransport]:
    loop = asyncio.get_running_loop()
    flow = asyncio.StreamReaderProtocol(asyncio.StreamReader())
    transport, protocol = await loop.connect_write_pipe(lambda: flow, os.fdopen(fd, "wb", 0))
    return asyncio.StreamWriter(transport, protocol, None, loop), transport


async def _feed(source: asyncssh.SSHReader[bytes], target: asyncio.StreamWriter, leader: int) -> None:
    """Client to command; signals the client sends go to the command's process group."""
    try:
        while True:
            try:
                data = await source.read(_CHUNK)
            except asyncssh.SignalReceived as received:
                _send_signal(leader, received.signal)
                continue
            if not data:
                break
            target.write(data)
            await target.drain()
    except _LOST:
        # The command closed its stdin or the client is gone; either way nothing more can be fed.
        pass
    finally:
        target.close()


async def _drain(source: asyncio.StreamReader, target: asyncssh.SSHWriter[bytes]) -> None:
    """Command to client, until every holder of the pipe closed it or the client is gone."""
    try:
        while data := await source.read(_CHUNK):
            target.write(data)
            await target.drain()
    except _LOST:
        return


async def _close_when_lost(process: asyncssh.SSHServerProcess[bytes], pipes: _Pipes) -> None:
    await process.wait_closed()
    pipes.close()


def _send_signal(leader: int, name: str) -> None:
    number = getattr(signal, f"SIG{name}", None)
    if isinstance(number, signal.Signals):
        try:
            os.killpg(leader, number)
        except ProcessLookupError:
            return


def _report(process: asyncssh.SSHServerProcess[bytes], code: int) -> None:
    if code < 0:
        process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))
    else:
        process.exit(code)
