"""Pods whose shell says what it likes: the real way home for outputs, over a connection without a network."""

import asyncio
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from tests.fakes.pods import FakePods, FakePodSession
from tools.ports import Fetched, JobState, RemoteHome
from tools.ssh import job as jobs
from tools.ssh import transfer
from tools.ssh.channel import _BEGIN

WORK = b"/root/swineherd/work"


@dataclass(frozen=True, slots=True)
class Said:
    """What one script of ours prints on such a pod, and how it ends."""

    output: bytes
    code: int = 0
    errors: bytes = b""


@dataclass(frozen=True, slots=True)
class Shell:
    """What a pod's shell answers to the scripts that fetch outputs, and to the one that asks for the job's state.

    Attributes:
        listing: NUL-ended records, see `tools.ssh.remote_files.LIST`.
        manifest: sizes, `--`, digests.
        contents: of the files, one after the other.
        state: None where the fake pod may answer honestly.
    """

    listing: Said
    manifest: Said
    contents: Said
    state: Said | None = None

    def answer(self, script: bytes) -> Said:
        """By what only that script holds."""
        marks = {b"readlink -f": self.listing, b"echo --": self.manifest, b"head -c": self.contents}
        return next((said for mark, said in marks.items() if mark in script), self.state or Said(b""))


def listed(*files: bytes, links: Mapping[bytes, bytes] | None = None) -> Said:
    """A listing as `find` prints it."""
    records = [*files, b"", b""]
    for link, target in (links or {}).items():
        records += [link, target]
    return packed(b"".join(record + b"\0" for record in [*records, b"", WORK, b"0"]))


def hashed(*contents: bytes) -> Said:
    """A manifest of files with these contents."""
    sizes = b"".join(b"%d\n" % len(content) for content in contents)
    digests = b"".join(hashlib.sha256(content).hexdigest().encode() + b"  x\n" for content in contents)
    return Said(sizes + b"--\n" + digests)


def packed(plain: bytes) -> Said:
    """As `gzip` sends it."""
    return Said(gzip.compress(plain, 1))


CONTENT = b'{"loss": 1.0}\n'
HONEST = Shell(listed(b"./metrics.json"), hashed(CONTENT), packed(CONTENT))


class _Process:
    """A script that runs: it begins as ours do, reads its input to the end, answers, and is gone."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._script = b""
        self.stdin = self
        self.stdout = asyncio.StreamReader(limit=1 << 30)
        self.stderr = asyncio.StreamReader(limit=1 << 30)
        self.stdout.feed_data(_BEGIN)
        self.exit_status = 0
        self.exit_signal = None

    def write(self, data: bytes) -> None:
        self._script += data

    async def drain(self) -> None:
        """Nothing is in the way."""

    def write_eof(self) -> None:
        said = self._shell.answer(self._script)
        self.exit_status = said.code
        self.stdout.feed_data(said.output)
        self.stderr.feed_data(said.errors)
        self.close()

    def close(self) -> None:
        for stream in (self.stdout, self.stderr):
            if not stream.at_eof():
                stream.feed_eof()

    async def wait_closed(self) -> None:
        """It has ended by then."""


@dataclass(frozen=True, slots=True)
class _Connection:
    shell: Shell

    async def create_process(self, _command: str, **_: object) -> _Process:
        return _Process(self.shell)


@dataclass(frozen=True, slots=True)
class LyingSession(FakePodSession):
    """A fake pod's session that fetches, and asks for the job's state, in the real way."""

    shell: Shell = HONEST

    async def fetch(self, home: RemoteHome, globs: Sequence[str], into: Path) -> Fetched:
        self.pods.calls.append("fetch")
        return await transfer.fetch(self._connection, home, globs, into)

    async def job_state(self, home: RemoteHome) -> JobState:
        honest = await super(LyingSession, self).job_state(home)
        return honest if self.shell.state is None else await jobs.state(self._connection, home)

    @property
    def _connection(self) -> Any:
        return cast("Any", _Connection(self.shell))


@dataclass
class LyingPods(FakePods):
    """Fake pods with a shell that lies."""

    shell: Shell = field(default=HONEST)

    async def connect(self, access: str, pinned_host_key: str | None) -> LyingSession:
        inside = await super().connect(access, pinned_host_key)
        return LyingSession(inside.pods, inside.access, inside.pod, self.shell)
