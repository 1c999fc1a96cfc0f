"""Small ways for the tests to wait and to look; the file system is touched here, outside of coroutines."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from tools.ports import JobState, RemoteHome, Running
from tools.ssh.session import SshSession


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until `true()`, or fail."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.01)


async def ended(session: SshSession, home: RemoteHome, seconds: float = 20) -> JobState:
    """The job's state once it is not running any more."""
    end = time.monotonic() + seconds
    while isinstance(state := await session.job_state(home), Running):
        assert time.monotonic() < end, "the job goes on and on"
        await asyncio.sleep(0.1)
    return state


async def log_of(session: SshSession, home: RemoteHome, offset: int = 0) -> bytes:
    """The whole log from `offset` on."""
    return b"".join([piece async for piece in session.follow(home, offset)])


def read(path: Path) -> bytes:
    return path.read_bytes()


def exists(path: Path) -> bool:
    return path.exists()


def write(path: Path, content: bytes = b"") -> Path:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def fill(folder: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    """Write all of `files` below `folder`."""
    for name, content in files.items():
        write(folder / name, content)
    return files


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` with its content."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def links_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_symlink()]


def holding(folder: Path, needle: bytes) -> list[Path]:
    """Files below `folder` that contain `needle`."""
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]
