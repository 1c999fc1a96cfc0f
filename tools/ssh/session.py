"""Dialling pods: one attempt per call, the host key pinned, only our own keys offered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import asyncssh

from tools.errors import HostKeyChanged, HostUnreachable, LoginRefused, Malformed, SwineherdError
from tools.ports import Fetched, GpuPeak, GpuSeen, JobStart, JobState, RemoteHome, Timer
from tools.ssh import deadman, transfer
from tools.ssh import gpu as gpus
from tools.ssh import job as jobs
from tools.ssh.address import Address, IPAddress, parse_address, resolve
from tools.ssh.keys import LoginKeys, OfferedKey

_HOST_KEY_ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""Plain keys only: a certificate would be checked against authorities nobody named."""
_KEEPALIVE_SECONDS = 15
_KEEPALIVES_LOST = 3


class _Client(asyncssh.SSHClient):
    """Checks the host key against the pin, and hands out keys one by one so that a refusal can name them."""

    def __init__(self, pinned: asyncssh.SSHKey | None, keys: Sequence[OfferedKey]) -> None:
        self._pinned = pinned
        self._keys = list(keys)
        self.offered: list[str] = []
        self.key_changed = False

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.key_changed = self._pinned is not None and key.public_data != self._pinned.public_data
        return not self.key_changed

    def public_key_auth_requested(self) -> asyncssh.SSHKeyPair | None:
        if not self._keys:
            return None
        key = self._keys.pop(0)
        self.offered.append(key.name)
        return key.pair


class SshPods:
    """Implements `tools.ports.Pods` over asyncssh; `~/.ssh/config` and `~/.ssh/known_hosts` are never read."""

    def __init__(
        self,
        keys: LoginKeys,
        *,
        allow_private: bool,
        password: str | None = None,
        connect_timeout: float = 20.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`connect_timeout` is in seconds and covers the whole of one attempt, login included."""
        self._keys = keys
        self._allow_private = allow_private
        self._password = password
        self._timeout = connect_timeout
        self._now = now

    async def connect(self, access: str, pinned_host_key: str | None) -> "SshSession":
        """See `tools.ports.Pods.connect`."""
        address = parse_address(access)
        pinned = _read_pin(pinned_host_key)
        async with self._keys.opened() as offered:
            client = _Client(pinned, offered)
            try:
                async with asyncio.timeout(self._timeout):
                    ip = await resolve(address, allow_private=self._allow_private)
                    connection = await self._dial(ip, address, client, pinned)
            except TimeoutError as exc:
                raise HostUnreachable(f"{address.host} did not answer within {self._timeout:.0f} s") from exc
            except (asyncssh.Error, OSError) as exc:
                raise self._explain(exc, client, address) from exc
        return SshSession(connection, self._now)

    async def _dial(
        self, ip: IPAddress, address: Address, client: _Client, pinned: asyncssh.SSHKey | None
    ) -> asyncssh.SSHClientConnection:
        return await asyncssh.connect(
            str(ip),
            address.port,
            config=None,
            client_factory=lambda: client,
            username=address.user,
            client_keys=None,
            agent_path=None,
            password=self._password,
            # Three empty lists, not an empty one: asyncssh would read ~/.ssh/known_hosts instead.
            known_hosts=([], [], []),
            server_host_key_algs=_algorithms(pinned),
            x509_trusted_certs=None,
            x509_trusted_cert_paths=[],
            host_based_auth=False,
            gss_host=None,
            gss_auth=False,
            gss_kex=False,
            agent_forwarding=False,
            x11_forwarding=False,
            compression_algs=None,
            keepalive_interval=_KEEPALIVE_SECONDS,
            keepalive_count_max=_KEEPALIVES_LOST,
        )

    def _explain(self, exc: Exception, client: _Client, address: Address) -> SwineherdError:
        at = f"{address.user}@{address.host} port {address.port}"
        if client.key_changed:
            return HostKeyChanged(f"{at} shows another host key than at first contact: not the same machine")
        refused = isinstance(exc, asyncssh.PermissionDenied) or "Too many authentication failures" in str(exc)
        if refused:
            return LoginRefused(f"{at} refused every login: {self._tried(client)}")
        return HostUnreachable(f"{at} does not answer over SSH ({type(exc).__name__})")

    def _tried(self, client: _Client) -> str:
        tried = [*client.offered, *(["a password"] if self._password is not None else [])]
        words = "; ".join(tried) if tried else "no key was found to offer"
        return "; ".join([words, *(f"not used: {reason}" for reason in self._keys.unused)])


class SshSession:
    """An open connection to one pod; implements `tools.ports.PodSession`."""

    def __init__(self, connection: asyncssh.SSHClientConnection, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._now = now

    @property
    def host_key(self) -> str:
        """The pod's public host key in OpenSSH form."""
        key = self._connection.get_server_host_key()
        if key is None:
            raise HostUnreachable("the pod showed no host key")
        return " ".join(key.export_public_key().decode("ascii").split()[:2])

    async def home(self, run_id: str) -> RemoteHome:
        return await jobs.find_home(self._connection, run_id)

    async def upload(self, archive: Path, remote_path: str) -> None:
        await transfer.upload(self._connection, archive, remote_path)

    async def start_job(self, home: RemoteHome, job: JobStart) -> None:
        await jobs.start(self._connection, home, job, self._now())

    async def job_state(self, home: RemoteHome) -> JobState:
        return await jobs.state(self._connection, home)

    def follow(self, home: RemoteHome, offset: int) -> AsyncIterator[bytes]:
        return jobs.follow(self._connection, home, offset)

    async def stop_job(self, home: RemoteHome, grace_seconds: int) -> None:
        await jobs.stop(self._connection, home, grace_seconds)

    async def fetch(self, home: RemoteHome, globs: Sequence[str], into: Path) -> Fetched:
        return await transfer.fetch(self._connection, home, globs, into)

    async def restore(self, home: RemoteHome, folder: Path) -> None:
        await transfer.restore(self._connection, home, folder)

    async def gpu(self) -> GpuSeen | None:
        return await gpus.seen(self._connection)

    async def gpu_peak(self, home: RemoteHome) -> GpuPeak | None:
        return await gpus.peak(self._connection, home)

    async def arm_timer(self, home: RemoteHome, timer: Timer) -> str:
        return await deadman.arm(self._connection, home, timer, self._now())

    async def heartbeat(self, home: RemoteHome) -> None:
        await deadman.heartbeat(self._connection, home)

    async def mark_collected(self, home: RemoteHome) -> None:
        await deadman.mark_collected(self._connection, home)

    async def close(self) -> None:
        """End the connection; processes on the pod go on."""
        self._connection.close()
        await self._connection.wait_closed()


def _read_pin(pinned: str | None) -> asyncssh.SSHKey | None:
    if pinned is None:
        return None
    try:
        return asyncssh.import_public_key(pinned)
    except asyncssh.KeyImportError as exc:
        raise Malformed("the pinned host key can't be read") from exc


def _algorithms(pinned: asyncssh.SSHKey | None) -> list[str]:
    """The pinned key's kind first: a server with several keys then shows that one, and another's key is still seen."""
    first = [] if pinned is None else [name.decode("ascii") for name in pinned.sig_algorithms]
    return sorted(_HOST_KEY_ALGORITHMS, key=lambda name: name not in first)
