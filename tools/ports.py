"""The seams: what the agent needs of the world, and nothing of how it is done."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from policies.answers import Answer, Balance, Pack
from policies.offer import Listing
from policies.order import OrderView


class Clock(Protocol):
    """Time, passed in so that decisions never read it and tests can move it."""

    def now(self) -> datetime:
        """The present, zoned, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait. Never called inside the graph: only a driver or its watcher waits."""
        ...


class Market(Protocol):
    """GPU Hog's eleven endpoints.

    Reads raise `MarketUnavailable`, `Refused` or `Malformed` and are repeated inside. The two calls that can spend
    return the raw `Answer` for the caller to store before it is parsed, are sent at most once, and raise only
    `OutcomeUnknown` or `NothingSent`.
    """

    async def gpus(self) -> tuple[Listing, ...]: ...
    async def docs(self) -> dict[str, object]: ...
    async def order(self, order_id: str) -> OrderView: ...
    async def packs(self) -> tuple[Pack, ...]: ...
    async def balance(self) -> Balance: ...
    async def pig_chat(self, message: str) -> str: ...
    async def rent(self, gpu_id: str, hours: int) -> Answer: ...
    async def rent_with_credits(self, gpu_id: str, hours: int) -> Answer: ...

    async def stop(self, order_id: str) -> str:
        """Returns the status answered. Repeatable: raises as a read does."""
        ...

    async def start(self, order_id: str) -> Answer:
        """Spends (an hour's price): sent at most once, as `rent_with_credits` is."""
        ...

    async def terminate(self, order_id: str) -> str:
        """Returns the status answered, which proves nothing: `order` does. Repeatable: raises as a read does."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RemoteHome:
    """The run's folder on a pod."""

    path: str
    on_volume: bool
    """It lies on a mount that survives `stop`."""


@dataclass(frozen=True, slots=True)
class JobStart:
    """What to run on a pod.

    Attributes:
        run_id: names the remote folder, `[a-z0-9-]+`.
        setup: shell text run first, or "".
        run: shell text of the job itself.
        env: variables for both, secrets included; they travel through a pipe, never as an argument.
        lease_end: when the paid hours end; the job sees it as `SWINEHERD_LEASE_END` (RFC 3339).
        warn_seconds: the job gets SIGUSR1 this long before `lease_end`, if it listens for it.
    """

    run_id: str
    setup: str
    run: str
    env: dict[str, str]
    lease_end: datetime
    warn_seconds: int = 900


@dataclass(frozen=True, slots=True)
class Timer:
    """What a pod needs to stop or end itself when nobody else does.

    Attributes:
        api_url: where the provider's API answers, without a slash at its end.
        order_id: lets anybody end the pod, so it is never shown.
        acts_at: just before the paid hours end: then it acts, whatever else.
        silence_seconds: once the job has ended, so long without a sign of the agent's makes it act too; not where that
            would lose results: on a pod without a volume, as long as they are not marked as collected.
    """

    api_url: str
    order_id: str = field(repr=False)
    acts_at: datetime
    silence_seconds: int


@dataclass(frozen=True, slots=True)
class GpuSeen:
    """The GPU that a pod's `nvidia-smi` shows: its name, not yet fit to be shown to a human, and its whole memory."""

    name: str
    memory_mib: int


@dataclass(frozen=True, slots=True)
class GpuPeak:
    """The most that was seen of a pod's GPU while a job ran: MiB in use, of so many, and percent of utilisation."""

    memory_mib: int
    total_mib: int
    util: int


@dataclass(frozen=True, slots=True)
class NotStarted:
    """The job was never started on this pod."""


@dataclass(frozen=True, slots=True)
class Running:
    """The job is running."""


@dataclass(frozen=True, slots=True)
class Exited:
    """The job ended by itself or by a signal (then `code` is 128 + signal)."""

    code: int


@dataclass(frozen=True, slots=True)
class Vanished:
    """The job was started, is not running, and left no exit code: the pod restarted or something killed it."""


JobState = NotStarted | Running | Exited | Vanished


@dataclass(frozen=True, slots=True)
class Fetched:
    """Outputs that are here and whose checksums match.

    Attributes:
        files: paths relative to the outputs folder, sorted.
        missing: globs of the job that matched nothing on the pod.
        skipped: links among the outputs that lead out of the job's folder or nowhere; not fetched.
    """

    files: tuple[str, ...]
    size_bytes: int
    missing: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Packed:
    """A local folder or file in an archive.

    Attributes:
        sha256: of paths, modes and contents; independent of time, owner and compression.
        skipped: what is not in the archive and would be expected there, with the reason.
    """

    sha256: str
    files: int
    size_bytes: int
    skipped: tuple[str, ...] = ()


class Packer(Protocol):
    """Packs a local folder or file for `PodSession.upload`."""

    def __call__(
        self, source: Path, archive: Path, name: str | None = None, *, at_home: frozenset[Path] = frozenset()
    ) -> Packed:
        """Write `source` as a `.tar.gz` to `archive`: a folder by its ignore files, or a file under `name`.

        Args:
            at_home: resolved paths that are left out, and named in `Packed.skipped`.

        Raises `TransferFailed` when it can't be read.
        """
        ...


class PodSession(Protocol):
    """An open SSH connection to one pod.

    Every method raises `HostUnreachable` when the connection is lost; nothing is ever believed to have ended because
    of that.
    """

    @property
    def host_key(self) -> str:
        """The pod's public host key in OpenSSH form, to be pinned at first contact."""
        ...

    async def home(self, run_id: str) -> RemoteHome:
        """Make (or find) the run's folder: under `/workspace` where that exists, else under `$HOME`."""
        ...

    async def upload(self, archive: Path, remote_path: str) -> None:
        """Unpack a local `.tar.gz` into `remote_path` (absolute, or `~/…` for the pod's `$HOME`; made if missing).

        Raises `TransferFailed` when the pod's tar fails or the archive's SHA-256 differs there.
        """
        ...

    async def start_job(self, home: RemoteHome, job: JobStart) -> None:
        """Start the job detached, exactly once however often this is called for one `home`."""
        ...

    async def job_state(self, home: RemoteHome) -> JobState: ...

    def follow(self, home: RemoteHome, offset: int) -> AsyncIterator[bytes]:
        """Bytes of the job's log from `offset` on; ends when the job has ended and all of its log was given."""
        ...

    async def stop_job(self, home: RemoteHome, grace_seconds: int) -> None:
        """SIGTERM to the job's session, SIGKILL after the grace; returns when none of it runs."""
        ...

    async def fetch(self, home: RemoteHome, globs: Sequence[str], into: Path) -> Fetched:
        """Bring the outputs here: streamed, every file checked against a SHA-256 manifest made on the pod, each put
        in place atomically, and none outside `into`. Raises `TransferFailed`.
        """
        ...

    async def restore(self, home: RemoteHome, folder: Path) -> None:
        """Put every plain file below `folder` in place below the job's folder. Raises `TransferFailed`."""
        ...

    async def gpu(self) -> GpuSeen | None:
        """The pod's GPU, the largest of several; None where `nvidia-smi` is missing, hangs or babbles."""
        ...

    async def gpu_peak(self, home: RemoteHome) -> GpuPeak | None:
        """What was seen since the job's start, every few seconds, on the pod itself, so that nothing between our looks
        is missed; None where there is no `nvidia-smi`, or the job was not watched to its end.
        """
        ...

    async def arm_timer(self, home: RemoteHome, timer: Timer) -> str:
        """Let the pod stop or end itself, detached from this connection; again, it is one timer and a sign of life.

        It terminates the order where `mark_collected` was left, else it stops it, and tries until the order shows that.

        Returns:
            "" when it is armed, else why not.
        """
        ...

    async def heartbeat(self, home: RemoteHome) -> None:
        """Tell the timer that the agent lives: silence is counted anew, the paid hours are not."""
        ...

    async def mark_collected(self, home: RemoteHome) -> None:
        """Tell the timer that everything was fetched after the job's end; nothing where the job left no exit code."""
        ...

    async def close(self) -> None: ...


class Pods(Protocol):
    """Dials pods over SSH."""

    async def connect(self, access: str, pinned_host_key: str | None) -> PodSession:
        """Open a session on the pod that `access.ssh` of an order names.

        Args:
            access: e.g. `ssh root@203.0.113.42 -p 22042`; parsed strictly, never given to a shell.
            pinned_host_key: what `PodSession.host_key` said at first contact, or None at first contact.

        Raises:
            Malformed: the address is not of the documented form, or is private and the policy forbids that.
            HostUnreachable: no answer (yet).
            LoginRefused: every key was refused; the message names them.
            HostKeyChanged: another host key than the pinned one.
        """
        ...
