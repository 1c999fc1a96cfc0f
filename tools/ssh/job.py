"""A job on a pod: started once, detached; looked at, followed and stopped over whatever connection there is."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncssh

from tools.errors import HostUnreachable, LogCutShort, Malformed, TransferFailed
from tools.ports import Exited, JobStart, JobState, NotStarted, RemoteHome, Running, Vanished
from tools.ssh import remote
from tools.ssh.channel import Exchange, run_checked, running
from tools.ssh.quoting import exports

_RUN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_EXIT_CODE = re.compile(r"[0-9]{1,3}", re.ASCII)
_QUICK = 120.0
"""Seconds that a script may take which only looks or starts something."""
_HEADER = re.compile(rb"@([0-9]{1,18}) ([0-9]{1,7}|end|short)\n")


async def find_home(connection: asyncssh.SSHClientConnection, run_id: str) -> RemoteHome:
    """Make (or find) the run's folder: under the pod's workspace where there is one, else under `$HOME`."""
    if not _RUN_ID.fullmatch(run_id):
        raise Malformed("a run id is made of a-z, 0-9 and `-`")
    output = await run_checked(
        connection,
        remote.HOME,
        {"run_id": run_id},
        error=TransferFailed,
        doing="making the run's folder",
        seconds=_QUICK,
    )
    volume, _, path = output.decode("utf-8", "surrogateescape").removesuffix("\n").partition("\n")
    if volume not in {"0", "1"} or not path.startswith("/") or not path.isprintable():
        raise Malformed("the pod named a folder that can't be used")
    return RemoteHome(path, on_volume=volume == "1")


async def start(connection: asyncssh.SSHClientConnection, home: RemoteHome, job: JobStart, now: datetime) -> None:
    """Start `job` unless that was done before.

    The environment goes through the channel's stdin to a shell builtin and through a pipe to the job: it is in no
    argument and in no file. The warning is counted in seconds from now, so a pod's wrong clock does not move it.

    Raises:
        Malformed: a text or a variable holds a NUL byte or half a character.
        HostUnreachable: the connection was lost; whether the job runs is what `state` says.
    """
    lease_end = job.lease_end.astimezone(UTC)
    ours = {
        "SWINEHERD_RUN_ID": job.run_id,
        "SWINEHERD_RUN_FOLDER": home.path,
        "SWINEHERD_LEASE_END": lease_end.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    warn = int((lease_end - now).total_seconds()) - job.warn_seconds
    variables = _names(home) | {
        "warn": str(max(warn, -1)),
        "setup": _text(job.setup),
        "run": _text(job.run),
        "runner": remote.RUNNER,
    }
    payload = exports({**job.env, **ours})
    await run_checked(
        connection, remote.START, variables, payload, error=HostUnreachable, doing="starting the job", seconds=_QUICK
    )


async def state(connection: asyncssh.SSHClientConnection, home: RemoteHome) -> JobState:
    """What became of the job; see `tools.ports.JobState`."""
    output = await run_checked(
        connection, remote.STATE, _names(home), error=HostUnreachable, doing="looking at the job", seconds=_QUICK
    )
    match output.decode("ascii", "replace").split():
        case ["not-started"]:
            return NotStarted()
        case ["running"]:
            return Running()
        case ["exited", code] if _EXIT_CODE.fullmatch(code):
            return Exited(int(code))
        case ["vanished"] | ["exited", *_]:
            return Vanished()
        case _:
            raise HostUnreachable("the pod gave no readable state of the job")


async def follow(connection: asyncssh.SSHClientConnection, home: RemoteHome, offset: int) -> AsyncIterator[bytes]:
    """Bytes of the log from `offset` on, until the job has ended and all was given.

    Every piece is framed by its offset and length and given only when the next frame proves it whole, so that neither a
    lost connection nor a read that fails on the pod drops or repeats a byte.

    Raises:
        HostUnreachable: the connection was lost; follow again from where this stopped.
        LogCutShort: the log is shorter than `offset`.
    """
    variables = _names(home) | {"at": str(offset)}
    async with running(connection, remote.FOLLOW, variables) as exchange:
        piece = b""
        while (said := await _header(exchange, offset + len(piece))) is not None:
            if piece:
                offset += len(piece)
                yield piece
            piece = await exchange.read_exactly(said)
            if len(piece) < said:
                raise HostUnreachable("the connection to the pod was lost")
        if piece:
            yield piece


async def _header(exchange: Exchange, expected: int) -> int | None:
    """How many bytes follow, or None at the proven end of the log."""
    found = _HEADER.fullmatch(await exchange.read_line())
    if found is None or int(found[1]) != expected:
        raise HostUnreachable("the pod's log came in pieces that don't fit together")
    if found[2] == b"short":
        raise LogCutShort(f"the log on the pod is shorter than {expected} bytes")
    return None if found[2] == b"end" else int(found[2])


async def stop(connection: asyncssh.SSHClientConnection, home: RemoteHome, grace_seconds: int) -> None:
    """SIGTERM to the job's session and to all that carries its mark, SIGKILL after the grace.

    Raises:
        HostUnreachable: the connection was lost, or something survived SIGKILL.
    """
    variables = _names(home) | {"grace": str(max(0, grace_seconds))}
    await run_checked(
        connection,
        remote.STOP,
        variables,
        error=HostUnreachable,
        doing="stopping the job",
        seconds=grace_seconds + _QUICK,
    )


def _names(home: RemoteHome) -> dict[str, str]:
    return {"home": home.path}


def _text(text: str) -> str:
    if "\0" in text:
        raise Malformed("a job's text can't hold a NUL byte")
    return text
