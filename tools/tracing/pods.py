"""Pods whose sessions are told: which operation, how long, how it ended; no host, no command, no file."""

from collections.abc import AsyncIterator, Awaitable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from tools.ports import Fetched, GpuPeak, GpuSeen, JobStart, JobState, Pods, PodSession, RemoteHome, Timer
from tools.tracing.port import Tracer, Value, spanning

T = TypeVar("T")

Kind = Literal["connect", "exec", "upload", "download"]

OPERATION = "swineherd.ssh.operation"
"""The method of the port."""


class TracedPods:
    """`tools.ports.Pods`: others, with a span for each call."""

    def __init__(self, pods: Pods, tracer: Tracer) -> None:
        self._pods = pods
        self._tracer = tracer

    async def connect(self, access: str, pinned_host_key: str | None) -> PodSession:
        """As the pods'. Where a pod answers is not told: whoever knows that can try to log in."""
        with spanning(self._tracer, "ssh connect", {OPERATION: "connect"}, calls_out=True):
            return TracedSession(await self._pods.connect(access, pinned_host_key), self._tracer)


class TracedSession:
    """`tools.ports.PodSession`: another one, with a span for each call."""

    def __init__(self, session: PodSession, tracer: Tracer) -> None:
        self._session = session
        self._tracer = tracer

    @property
    def host_key(self) -> str:
        """As the session's."""
        return self._session.host_key

    async def home(self, run_id: str) -> RemoteHome:
        """As the session's."""
        return await self._told("exec", "home", self._session.home(run_id))

    async def upload(self, archive: Path, remote_path: str) -> None:
        """As the session's."""
        await self._told("upload", "upload", self._session.upload(archive, remote_path))

    async def start_job(self, home: RemoteHome, job: JobStart) -> None:
        """As the session's."""
        await self._told("exec", "start_job", self._session.start_job(home, job))

    async def job_state(self, home: RemoteHome) -> JobState:
        """As the session's."""
        return await self._told("exec", "job_state", self._session.job_state(home))

    async def follow(self, home: RemoteHome, offset: int) -> AsyncIterator[bytes]:
        """As the session's. Never current: between two pieces of a log it is its reader that acts."""
        span = self._tracer.begin(*_of("exec", "follow"), calls_out=True)
        try:
            async for data in self._session.follow(home, offset):
                yield data
        except GeneratorExit:
            span.end()
            raise
        except BaseException as error:
            span.end(error)
            raise
        span.end()

    async def stop_job(self, home: RemoteHome, grace_seconds: int) -> None:
        """As the session's."""
        await self._told("exec", "stop_job", self._session.stop_job(home, grace_seconds))

    async def fetch(self, home: RemoteHome, globs: Sequence[str], into: Path) -> Fetched:
        """As the session's."""
        with spanning(self._tracer, *_of("download", "fetch"), calls_out=True) as span:
            fetched = await self._session.fetch(home, globs, into)
            span.note("swineherd.files", len(fetched.files))
            span.note("swineherd.bytes", fetched.size_bytes)
            return fetched

    async def restore(self, home: RemoteHome, folder: Path) -> None:
        """As the session's."""
        await self._told("upload", "restore", self._session.restore(home, folder))

    async def gpu(self) -> GpuSeen | None:
        """As the session's."""
        return await self._told("exec", "gpu", self._session.gpu())

    async def gpu_peak(self, home: RemoteHome) -> GpuPeak | None:
        """As the session's."""
        return await self._told("exec", "gpu_peak", self._session.gpu_peak(home))

    async def arm_timer(self, home: RemoteHome, timer: Timer) -> str:
        """As the session's; why it could not be armed is not told."""
        with spanning(self._tracer, *_of("exec", "arm_timer"), calls_out=True) as span:
            why_not = await self._session.arm_timer(home, timer)
            span.note("swineherd.armed", not why_not)
            return why_not

    async def heartbeat(self, home: RemoteHome) -> None:
        """As the session's."""
        await self._told("exec", "heartbeat", self._session.heartbeat(home))

    async def mark_collected(self, home: RemoteHome) -> None:
        """As the session's."""
        await self._told("exec", "mark_collected", self._session.mark_collected(home))

    async def close(self) -> None:
        """As the session's; hanging up is nothing to tell of."""
        await self._session.close()

    async def _told(self, kind: Kind, operation: str, answer: Awaitable[T]) -> T:
        with spanning(self._tracer, *_of(kind, operation), calls_out=True):
            return await answer


def _of(kind: Kind, operation: str) -> tuple[str, dict[str, Value]]:
    """A span's name and first note."""
    return f"ssh {kind}", {OPERATION: operation}
