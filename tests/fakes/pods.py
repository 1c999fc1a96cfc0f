"""Pods in memory, on a virtual clock: jobs with a scripted log, length, exit code and outputs, and faults on order."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from tools.errors import HostKeyChanged, HostUnreachable, LogCutShort, LoginRefused, TransferFailed
from tools.ports import Clock, Exited, Fetched, JobStart, JobState, NotStarted, RemoteHome, Running, Vanished

LOG = b"step 1 of 2\nstep 2 of 2\ndone\n"
SIGTERM_CODE = 143


@dataclass(frozen=True, slots=True)
class Script:
    """What a job does once it is started.

    Attributes:
        log: written evenly over its `seconds`, the last byte at the end.
        code: its exit code; None when it vanishes instead.
        files: what it leaves, by path below its folder; a job that was stopped leaves them too.
    """

    log: bytes = LOG
    seconds: float = 60.0
    code: int | None = 0
    files: dict[str, bytes] = field(default_factory=lambda: {"metrics.json": b'{"loss": 1.0}\n'})


@dataclass(slots=True)
class FakeJob:
    """One job on one pod; of its log the first `cut` bytes are gone."""

    script: Script
    start: JobStart
    began: float
    stopped_at: float | None = None
    cut: int = 0

    def state(self, now: float) -> JobState:
        """Where it stands at `now` (monotonic)."""
        if self.stopped_at is not None:
            return Exited(SIGTERM_CODE)
        if now < self.began + self.script.seconds:
            return Running()
        return Vanished() if self.script.code is None else Exited(self.script.code)

    def log(self, now: float) -> bytes:
        """What it has written by `now`."""
        lived = min(now, self.stopped_at or now) - self.began
        share = min(1.0, lived / self.script.seconds)
        return self.script.log[self.cut : int(len(self.script.log) * share)]


@dataclass(slots=True)
class FakePod:
    """One machine. It keeps its jobs by folder, and what was uploaded by path."""

    host_key: str
    jobs: dict[str, FakeJob] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)


@dataclass
class FakePods:
    """Implements `tools.ports.Pods`: every address is a pod of its own, there as long as `is_up` says so.

    Attributes:
        script: what jobs do that are started from now on.
        starts: the command of every job that was really started.
        calls: the methods called, in order; a list shared with a market tells which came first.
        unreachable: so many next connections get no answer.
        login_refused: every key is refused.
        drops: each next `follow` that gets past so many bytes of the log loses its connection there.
        failing: so many next calls of `upload`, `fetch` or `start_job` fail, by method.
        lost: connections are lost from now on, whatever is called.
        slow: seconds that a call of `upload` or `fetch` takes, by method.
        on_volume: the run's folder lies on a volume that survives `stop`.
    """

    clock: Clock
    is_up: Callable[[str], bool] = lambda _access: True
    script: Script = field(default_factory=Script)
    pods: dict[str, FakePod] = field(default_factory=dict)
    starts: list[JobStart] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    unreachable: int = 0
    login_refused: bool = False
    drops: deque[int] = field(default_factory=deque)
    failing: dict[str, int] = field(default_factory=dict)
    lost: bool = False
    slow: dict[str, float] = field(default_factory=dict)
    on_volume: bool = False

    async def connect(self, access: str, pinned_host_key: str | None) -> "FakePodSession":
        self.calls.append("connect")
        if self.unreachable or self.lost or not self.is_up(access):
            self.unreachable = max(0, self.unreachable - 1)
            raise HostUnreachable("no answer")
        if self.login_refused:
            raise LoginRefused("refused every key: id_ed25519")
        pod = self.pods.setdefault(access, FakePod(f"ssh-ed25519 key-{len(self.pods) + 1}"))
        if pinned_host_key is not None and pinned_host_key != pod.host_key:
            raise HostKeyChanged("another host key")
        return FakePodSession(self, access, pod)

    def cut_logs(self) -> None:
        """Every job begins its log anew, as `> /dev/stderr` does."""
        for pod in self.pods.values():
            for job in pod.jobs.values():
                job.cut += len(job.log(self.clock.monotonic()))

    def fails(self, method: str) -> bool:
        """Whether this call of `method` is to fail; uses one failure up."""
        left = self.failing.get(method, 0)
        self.failing[method] = max(0, left - 1)
        return left > 0


@dataclass(frozen=True, slots=True)
class FakePodSession:
    """Implements `tools.ports.PodSession`."""

    pods: FakePods
    access: str
    pod: FakePod

    @property
    def host_key(self) -> str:
        return self.pod.host_key

    async def home(self, run_id: str) -> RemoteHome:
        self._call("home")
        return RemoteHome(f"/root/swineherd/{run_id}", on_volume=self.pods.on_volume)

    async def upload(self, archive: Path, remote_path: str) -> None:
        self._call("upload")
        await self._take_time("upload")
        if self.pods.fails("upload"):
            raise TransferFailed("the archive did not arrive whole")
        self.pod.uploads[remote_path] = archive.read_bytes()  # noqa: ASYNC240 - a thread would let time run

    async def start_job(self, home: RemoteHome, job: JobStart) -> None:
        self._call("start_job")
        if self.pods.fails("start_job"):
            raise HostUnreachable("the connection is lost")
        if home.path not in self.pod.jobs:
            self.pod.jobs[home.path] = FakeJob(self.pods.script, job, self._now())
            self.pods.starts.append(job)

    async def job_state(self, home: RemoteHome) -> JobState:
        self._call("job_state")
        job = self.pod.jobs.get(home.path)
        return NotStarted() if job is None else job.state(self._now())

    async def follow(self, home: RemoteHome, offset: int) -> AsyncIterator[bytes]:
        self._call("follow")
        job = self.pod.jobs[home.path]
        while True:
            self._check()
            log, running = job.log(self._now()), isinstance(job.state(self._now()), Running)
            if len(log) < offset:
                raise LogCutShort(f"the log on the pod is shorter than {offset} bytes")
            if self.pods.drops and len(log) > self.pods.drops[0]:
                end = self.pods.drops.popleft()
                if end > offset:
                    yield log[offset:end]
                raise HostUnreachable("the connection is lost")
            if len(log) > offset:
                yield log[offset:]
                offset = len(log)
            elif not running:
                return
            else:
                await self.pods.clock.sleep(1)

    async def stop_job(self, home: RemoteHome, grace_seconds: int) -> None:
        self._call("stop_job")
        job = self.pod.jobs.get(home.path)
        if job is not None and isinstance(job.state(self._now()), Running):
            job.stopped_at = self._now()

    async def fetch(self, home: RemoteHome, globs: Sequence[str], into: Path) -> Fetched:
        self._call("fetch")
        await self._take_time("fetch")
        if self.pods.fails("fetch"):
            raise TransferFailed("a checksum differs")
        job = self.pod.jobs[home.path]
        found = {path: data for path, data in job.script.files.items() if any(_is_below(path, glob) for glob in globs)}
        for path, data in found.items():
            into.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
            into.joinpath(path).write_bytes(data)
        missing = tuple(glob for glob in globs if not any(_is_below(path, glob) for path in found))
        return Fetched(tuple(sorted(found)), sum(map(len, found.values())), missing)

    async def gpu_peak_mb(self) -> int | None:
        self._call("gpu_peak_mb")
        return 9000

    async def close(self) -> None:
        """Nothing is open."""

    def _call(self, method: str) -> None:
        self.pods.calls.append(method)
        self._check()

    async def _take_time(self, method: str) -> None:
        if method in self.pods.slow:
            await self.pods.clock.sleep(self.pods.slow[method])
            self._check()

    def _check(self) -> None:
        if self.pods.lost or not self.pods.is_up(self.access):
            raise HostUnreachable("the connection is lost")

    def _now(self) -> float:
        return self.pods.clock.monotonic()


def _is_below(path: str, glob: str) -> bool:
    return fnmatchcase(path, glob) or path.startswith(glob.rstrip("/") + "/")
