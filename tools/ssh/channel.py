"""One remote script at a time: constant text, variables and data through its stdin, output without login noise.

The command that a pod's login shell sees is one constant line that any shell reads alike. It makes `sh` read the script
from stdin, exactly so many bytes that what follows is the script's own input; nothing of ours is ever an argument.
"""

import asyncio
import shlex
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import NoReturn

import asyncssh

from policies.text import without_links
from tools.errors import HostUnreachable, SwineherdError

READ_BYTES = 256 * 1024

_LOADER = "sh -c 'eval \"$(dd bs=1 count=$0 2>/dev/null)\"' {count}"
_BEGIN = b"\x1eherd\x1e\n"
_BEGIN_PRINTED = r"printf '\036herd\036\n'"
_NOISE_BYTES = 256 * 1024
"""How much a pod's login files may print before our script speaks."""
_STDERR_KEPT = 2000
_MOST_OUTPUT_BYTES = 256 << 20
"""How much a script with small output may print: the digests of many files are the most of it."""
_SILENCE_SECONDS = 60.0
"""How long a pod may take to begin a script."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A script that ran to its end."""

    code: int
    complaint: str
    """The tail of its stderr, control characters removed."""


class Exchange:
    """A running remote script. Every method raises `HostUnreachable` when the connection is lost."""

    def __init__(self, process: "asyncssh.SSHClientProcess[bytes]") -> None:
        self._process = process
        self._errors: deque[bytes] = deque(maxlen=8)
        self._drain = asyncio.create_task(self._keep_errors())

    async def _keep_errors(self) -> None:
        """Read stderr all the time: unread, it would fill the channel's window and stop the script."""
        with _lost():
            while data := await self._process.stderr.read(READ_BYTES):
                self._errors.append(data[-_STDERR_KEPT:])

    async def write(self, data: bytes) -> bool:
        """Give the script input; False when it has ended and reads no more."""
        try:
            self._process.stdin.write(data)
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            return False
        except asyncssh.Error as exc:
            raise HostUnreachable(_LOST) from exc
        return True

    def write_end(self) -> None:
        """Close the script's input."""
        with _lost():
            self._process.stdin.write_eof()

    async def begin(self) -> None:
        """Skip what login files print, up to the script's own first output."""
        noise = 0
        while not (line := await self.read_line()).endswith(_BEGIN):
            noise += len(line)
            if not line or noise > _NOISE_BYTES:
                await self._explain_silence()

    async def _explain_silence(self) -> NoReturn:
        self._process.close()
        ended = await self.end()
        raise HostUnreachable(f"the pod ran no script (status {ended.code}): {ended.complaint or 'no message'}")

    async def read(self) -> bytes:
        """Some output, or `b""` at its end."""
        with _lost():
            return await self._process.stdout.read(READ_BYTES)

    async def read_line(self) -> bytes:
        """One line with its newline; less at the end of the output."""
        with _lost():
            return await self._process.stdout.readline()

    async def read_exactly(self, count: int) -> bytes:
        """`count` bytes; fewer at the end of the output."""
        try:
            with _lost():
                return await self._process.stdout.readexactly(count)
        except asyncio.IncompleteReadError as exc:
            return exc.partial

    async def end(self) -> Ended:
        """Wait for the script's end. No exit status means that the connection was lost, whatever it printed."""
        with _lost():
            await self._process.wait_closed()
        await self._drain
        if self._process.exit_status is None or self._process.exit_signal is not None:
            raise HostUnreachable(_LOST)
        return Ended(self._process.exit_status, shown(b"".join(self._errors)[-_STDERR_KEPT:]))

    async def aclose(self) -> None:
        """Give the channel up, wherever the script is."""
        self._process.close()
        self._drain.cancel()
        await asyncio.gather(self._drain, return_exceptions=True)


_LOST = "the connection to the pod was lost"


@contextmanager
def _lost() -> Iterator[None]:
    """Maps asyncssh's and the socket's errors to `HostUnreachable`."""
    try:
        yield
    except (asyncssh.Error, OSError) as exc:
        raise HostUnreachable(_LOST) from exc


@asynccontextmanager
async def running(
    connection: asyncssh.SSHClientConnection, script: str, variables: Mapping[str, str]
) -> AsyncIterator[Exchange]:
    """Start `script` under the pod's `sh` with `variables` set; leaving the block gives the channel up.

    Raises:
        HostUnreachable: the connection is lost, or the pod can't run `sh` (then the message has its words).
    """
    text = _wrapped(script, variables)
    with _lost():
        process = await connection.create_process(_LOADER.format(count=len(text)), encoding=None, request_pty=False)
    exchange = Exchange(process)
    try:
        async with _within(_SILENCE_SECONDS):
            await exchange.write(text)
            await exchange.begin()
        yield exchange
    finally:
        await exchange.aclose()


@asynccontextmanager
async def _within(seconds: float | None) -> AsyncIterator[None]:
    """A pod may be wedged while its connection lives: then it is as unreachable as one that is gone."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as exc:
        raise HostUnreachable(f"the pod did not answer within {seconds:.0f} s") from exc


async def run(
    connection: asyncssh.SSHClientConnection,
    script: str,
    variables: Mapping[str, str],
    data: bytes = b"",
    *,
    seconds: float | None = None,
) -> tuple[bytes, Ended]:
    """Run a script with small output to its end; `data` is its input, `seconds` the longest it may take."""
    async with _within(seconds), running(connection, script, variables) as exchange:
        await exchange.write(data)
        exchange.write_end()
        output = bytearray()
        while chunk := await exchange.read():
            output += chunk
            if len(output) > _MOST_OUTPUT_BYTES:
                raise HostUnreachable("the pod's answer goes on and on")
        return bytes(output), await exchange.end()


async def run_checked(
    connection: asyncssh.SSHClientConnection,
    script: str,
    variables: Mapping[str, str],
    data: bytes = b"",
    *,
    error: type[SwineherdError],
    doing: str,
    seconds: float | None = None,
) -> bytes:
    """`run`, with any status but 0 raised as `error`."""
    output, ended = await run(connection, script, variables, data, seconds=seconds)
    require(ended, error, doing)
    return output


def require(ended: Ended, error: type[SwineherdError], doing: str) -> None:
    """Raise `error` unless the script ended well."""
    if ended.code:
        raise error(f"{doing} failed on the pod (status {ended.code}): {ended.complaint or 'no message'}")


def _wrapped(script: str, variables: Mapping[str, str]) -> bytes:
    """Braces around it all: cut off anywhere, the text is a syntax error and nothing of it runs."""
    lines = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(["{", *lines, _BEGIN_PRINTED, script, "}"]).encode("utf-8", "surrogateescape")


def shown(text: bytes) -> str:
    """Remote text fit for a message: printable characters only, one line, no links."""
    words = text.decode("utf-8", "replace").split()
    return without_links(" ".join("".join(c for c in word if c.isprintable()) for word in words))
