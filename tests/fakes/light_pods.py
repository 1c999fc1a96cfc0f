"""Pods that are files, for many processes at once: a job is a mark that it began, and ends after some seconds."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tools.ports import Exited, Fetched, GpuPeak, GpuSeen, JobStart, JobState, NotStarted, RemoteHome, Running, Timer

LOG = b"step 1\nstep 2\n"
OUTPUT = "out.txt"


@dataclass(frozen=True, slots=True)
class LightPods:
    """Implements `tools.ports.Pods`; a job is known by its run, on whatever pod.

    Attributes:
        folder: where the marks are; it must be there.
        job_seconds: how long a job takes.
    """

    folder: Path
    job_seconds: float

    async def connect(self, access: str, pinned_host_key: str | None) -> "LightSession":
        return LightSession(self, f"ssh-ed25519 {access}")


@dataclass(frozen=True, slots=True)
class LightSession:
    """Implements `tools.ports.PodSession`."""

    pods: LightPods
    host_key: str

    async def home(self, run_id: str) -> RemoteHome:
        return RemoteHome(f"/light/{run_id}", on_volume=False)

    async def upload(self, archive: Path, remote_path: str) -> None:
        """Nothing looks at it."""

    async def start_job(self, home: RemoteHome, job: JobStart) -> None:
        with suppress(FileExistsError):
            os.close(os.open(self._mark(home), os.O_CREAT | os.O_EXCL))

    async def job_state(self, home: RemoteHome) -> JobState:
        mark = self._mark(home)
        if not mark.exists():
            return NotStarted()
        return Running() if time.time() < mark.stat().st_mtime + self.pods.job_seconds else Exited(0)

    async def follow(self, home: RemoteHome, offset: int) -> AsyncIterator[bytes]:
        left = self._mark(home).stat().st_mtime + self.pods.job_seconds - time.time()
        await asyncio.sleep(max(0.0, left))
        if offset < len(LOG):
            yield LOG[offset:]

    async def stop_job(self, home: RemoteHome, grace_seconds: int) -> None:
        """Nobody stops one here."""

    async def fetch(self, home: RemoteHome, globs: Sequence[str], into: Path) -> Fetched:
        into.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - a few bytes
        into.joinpath(OUTPUT).write_text(home.path)
        return Fetched((OUTPUT,), len(home.path), ())

    async def restore(self, home: RemoteHome, folder: Path) -> None:
        """There is nothing to go on from."""

    async def gpu(self) -> GpuSeen | None:
        return None

    async def gpu_peak(self, home: RemoteHome) -> GpuPeak | None:
        return None

    async def arm_timer(self, home: RemoteHome, timer: Timer) -> str:
        return ""

    async def heartbeat(self, home: RemoteHome) -> None:
        """Nothing listens."""

    async def mark_collected(self, home: RemoteHome) -> None:
        """Nothing listens."""

    async def close(self) -> None:
        """Nothing is open."""

    def _mark(self, home: RemoteHome) -> Path:
        return self.pods.folder / Path(home.path).name
