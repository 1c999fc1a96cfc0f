"""Pods as one process sees them: connections drop, keys are refused, files do not arrive, jobs fail or vanish."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fakes.pods import FakePods, FakePodSession, Script
from tests.simulation.process import Process
from tools.errors import HostKeyChanged, HostUnreachable, LoginRefused, TransferFailed
from tools.ports import Fetched, JobStart, PodSession, RemoteHome

SECONDS = (5.0,) * 2 + (60.0,) * 6 + (900.0,) * 2 + (9000.0,)


@dataclass
class Machines(FakePods):
    """All pods of a life; `scripts` has what the job of each address does that was started there.

    Attributes:
        rate: the probability that a call goes wrong.
    """

    dice: Random = field(default_factory=Random)
    rate: float = 0.1
    outputs: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def draw_script(self) -> Script:
        """What the next job does."""
        dice = self.dice
        files = {"metrics.json": f'{{"loss": {dice.random()}}}\n'.encode()}
        if dice.random() < 0.05:
            files = {}
        code = dice.choice((0,) * 12 + (1, 1, None))
        return Script(seconds=dice.choice(SECONDS), code=code, files=files)

    def wrong(self, share: float = 1.0) -> bool:
        """Whether this call goes wrong."""
        return self.dice.random() < self.rate * share


@dataclass(frozen=True, slots=True)
class PodsOf:
    """Implements `tools.ports.Pods` for one process."""

    machines: Machines
    process: Process

    async def connect(self, access: str, pinned_host_key: str | None) -> PodSession:
        process, machines = self.process, self.machines
        process.boundary("connect")
        process.trace.counts["calls"] += 1
        if machines.wrong():
            process.trace.counts["faults"] += 1
            kind = machines.dice.choice((HostUnreachable,) * 10 + (LoginRefused, HostKeyChanged))
            process.trace.note(process.name, f"connect !{kind.__name__}")
            raise kind("a fault")
        opened = await machines.connect(access, pinned_host_key)
        process.trace.note(process.name, "connect")
        return SessionOf(machines, opened.access, opened.pod, process)


@dataclass(frozen=True, slots=True)
class SessionOf(FakePodSession):
    """Implements `tools.ports.PodSession` for one process."""

    process: Process

    def _call(self, method: str) -> None:
        machines = self._machines
        self.process.boundary(method)
        self.process.trace.counts["calls"] += 1
        wrong = machines.wrong()
        self.process.trace.counts["faults"] += wrong
        self.process.trace.note(self.process.name, f"{method}{' !lost' if wrong else ''}")
        if wrong:
            raise HostUnreachable("the connection is lost")
        self._check()

    async def upload(self, archive: Path, remote_path: str) -> None:
        await FakePodSession.upload(self, archive, remote_path)
        self._tear("upload")

    async def start_job(self, home: RemoteHome, job: JobStart) -> None:
        machines = self._machines
        if home.path not in self.pod.jobs:
            machines.script = machines.draw_script()
        await FakePodSession.start_job(self, home, job)
        if machines.wrong():
            self.process.trace.note(self.process.name, "start_job !answer lost")
            raise HostUnreachable("the connection is lost")

    async def fetch(self, home: RemoteHome, globs: Sequence[str], into: Path) -> Fetched:
        self._tear("fetch")
        fetched = await FakePodSession.fetch(self, home, globs, into)
        self.process.boundary("fetched")
        return fetched

    def _tear(self, method: str) -> None:
        if self._machines.wrong(0.5):
            self.process.trace.counts["faults"] += 1
            self.process.trace.note(self.process.name, f"{method} !torn")
            raise TransferFailed("a checksum differs")

    @property
    def _machines(self) -> Machines:
        assert isinstance(self.pods, Machines)
        return self.pods
