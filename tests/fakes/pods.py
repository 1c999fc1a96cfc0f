"""Pods in memory, on a virtual clock: jobs with a scripted log, length, exit code and outputs, and faults on order."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from tools.errors import HostKeyChanged, HostUnreachable, LogCutShort, LoginRefused, TransferFailed
from tools.ports import (
    Clock,
    Exited,
    Fetched,
    GpuPeak,
    GpuSeen,
    JobStart,
    JobState,
    NotStarted,
    RemoteHome,
    Running,
    Timer,
    Vanished,
)

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
    """One job on one pod; of its log the first `cut` bytes are gone. It is lost when its pod stops under it."""

    script: Script
    start: JobStart
    began: float
    stopped_at: float | None = None
    lost: bool = False
    cut: int = 0

    def state(self, now: float) -> JobState:
        """Where it stands at `now` (monotonic)."""
        if self.lost:
            return Vanished()
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
class FakeTimer:
    """The pod's own timer. All times are monotonic.

    Attributes:
        lease: just before the paid hours end.
        heard: the last sign of the agent's.
        on_volume: `stop` keeps the results.
        collected: everything was fetched after the job's end.
    """

    order_id: str
    lease: float
    silence: float
    heard: float
    on_volume: bool
    collected: bool = False

    def due(self, job: FakeJob | None, now: float) -> float:
        """When it acts, unless it hears of the agent before."""
        loses = not (self.on_volume or self.collected)
        if loses or job is None or not isinstance(job.state(now), Exited):
            return self.lease
        ended = job.began + job.script.seconds if job.stopped_at is None else job.stopped_at
        return min(self.lease, max(self.heard, ended) + self.silence)


@dataclass(slots=True)
class FakePod:
    """One machine. It keeps its jobs and timers by folder, and what was uploaded or restored by path."""

    host_key: str
    jobs: dict[str, FakeJob] = field(default_factory=dict)
    timers: dict[str, FakeTimer] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    restored: dict[str, bytes] = field(default_factory=dict)


@dataclass
class FakePods:
    """Implements `tools.ports.Pods`: every address is a pod of its own, there as long as `is_up` says so.

    Attributes:
        script: what jobs do that are started from now on.
        scripts: what the next jobs do before that, one each.
        gpus: what `nvidia-smi` shows when it is asked next; it is missing when there is none left.
        peak: what was seen of the GPU's memory, whenever it is asked.
        starts: the command of every job that was really started.
        calls: the methods called, in order; a list shared with a market tells which came first.
        unreachable: so many next connections get no answer.
        login_refused: every key is refused.
        drops: each next `follow` that gets past so many bytes of the log loses its connection there.
        failing: so many next calls of `upload`, `fetch`, `restore`, `start_job` or `gpu_peak` fail, by method.
        lost: connections are lost from now on, whatever is called.
        slow: seconds that a call of `upload` or `fetch` takes, by method.
        on_volume: the run's folder lies on a volume that survives `stop`.
        no_timer: why no timer can be armed, if none can.
        by_timer: what a timer does that acts: `stop` or `terminate`, and the order.
    """

    clock: Clock
    is_up: Callable[[str], bool] = lambda _access: True
    script: Script = field(default_factory=Script)
    scripts: deque[Script] = field(default_factory=deque)
    gpus: deque[GpuSeen] = field(default_factory=deque)
    peak: GpuPeak | None = None
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
    no_timer: str = ""
    by_timer: Callable[[str, str], object] = lambda _verb, _order_id: None

    async def connect(self, access: str, pinned_host_key: str | None) -> "FakePodSession":
        self.calls.append("connect")
        self.let_time_pass()
        if self.unreachable or self.lost or not self.is_up(access):
            self.unreachable = max(0, self.unreachable - 1)
            raise HostUnreachable("no answer")
        if self.login_refused:
            raise LoginRefused("refused every key: id_ed25519")
        pod = self.pods.setdefault(access, FakePod(f"ssh-ed25519 key-{len(self.pods) + 1}"))
        if pinned_host_key is not None and pinned_host_key != pod.host_key:
            raise HostKeyChanged("another host key")
        return FakePodSession(self, access, pod)

    def let_time_pass(self) -> None:
        """Timers act whose time has come; whoever looks at a pod or its order sees that it was so."""
        for access, pod in self.pods.items():
            for home, timer in list(pod.timers.items()):
                self._let_act(access, pod, home, timer)

    def _let_act(self, access: str, pod: FakePod, home: str, timer: FakeTimer) -> None:
        now = self.clock.monotonic()
        job = pod.jobs.get(home)
        if not self.is_up(access):
            del pod.timers[home]
        elif now >= timer.due(job, now):
            del pod.timers[home]
            ended = job is not None and isinstance(job.state(now), Exited)
            if job is not None and isinstance(job.state(now), Running):
                job.lost = True
            self.by_timer("terminate" if timer.collected and ended else "stop", timer.order_id)

    def cut_logs(self) -> None:
        """Every job begins its log anew, as `> /dev/stderr` does."""
        for pod in self.pods.values():
            for job in pod.jobs.values():
                job.cut += len(job.log(self.clock.monotonic()))

    def next_script(self) -> Script:
        """What the job does that is started now."""
        return self.scripts.popleft() if self.scripts else self.script

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
            self.pod.jobs[home.path] = FakeJob(self.pods.next_script(), job, self._now())
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

    async def restore(self, home: RemoteHome, folder: Path) -> None:
        self._call("restore")
        if self.pods.fails("restore"):
            raise TransferFailed("the files did not arrive whole")
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]  # noqa: ASYNC240 - as in `upload`
        self.pod.restored |= {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}

    async def gpu(self) -> GpuSeen | None:
        self._call("gpu")
        return self.pods.gpus.popleft() if self.pods.gpus else None

    async def gpu_peak(self, home: RemoteHome) -> GpuPeak | None:
        self._call("gpu_peak")
        if self.pods.fails("gpu_peak"):
            raise HostUnreachable("the connection is lost")
        return self.pods.peak

    async def arm_timer(self, home: RemoteHome, timer: Timer) -> str:
        self._call("arm_timer")
        if self.pods.no_timer:
            return self.pods.no_timer
        left = (timer.acts_at - self.pods.clock.now()).total_seconds()
        now, silence = self._now(), timer.silence_seconds
        fresh = FakeTimer(timer.order_id, now + left, silence, heard=now, on_volume=home.on_volume)
        self.pod.timers.setdefault(home.path, fresh).heard = self._now()
        return ""

    async def heartbeat(self, home: RemoteHome) -> None:
        self._call("heartbeat")
        if home.path in self.pod.timers:
            self.pod.timers[home.path].heard = self._now()

    async def mark_collected(self, home: RemoteHome) -> None:
        self._call("mark_collected")
        if home.path in self.pod.timers and isinstance(await self.job_state(home), Exited):
            self.pod.timers[home.path].collected = True

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
        self.pods.let_time_pass()
        if self.pods.lost or not self.pods.is_up(self.access):
            raise HostUnreachable("the connection is lost")

    def _now(self) -> float:
        return self.pods.clock.monotonic()


def _is_below(path: str, glob: str) -> bool:
    return fnmatchcase(path, glob) or path.startswith(glob.rstrip("/") + "/")
