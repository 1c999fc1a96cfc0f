"""Every test that takes `pod` runs against both kinds of SSH server."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.tools.ssh.pods import PodServer, bare_pod, bash_pod, sandbox_pod, sshd_pod
from tools.ports import JobStart, RemoteHome
from tools.ssh.session import SshSession

KINDS = {"sandbox": sandbox_pod, "sshd": sshd_pod, "bash": bash_pod, "bare": bare_pod}


@pytest.fixture(params=["sandbox", "sshd"])
async def pod(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PodServer]:
    """A pod that is up."""
    folder = tmp_path / "pod"
    folder.mkdir()
    async with KINDS[request.param](folder) as server:
        yield server


@pytest.fixture
async def session(pod: PodServer) -> SshSession:
    """An open session on `pod`."""
    return await pod.connect()


@pytest.fixture
async def home(session: SshSession) -> RemoteHome:
    """The folder of `run-1` on `pod`."""
    return await session.home("run-1")


@pytest.fixture
def work(home: RemoteHome) -> Path:
    """The job's folder, seen from here."""
    return Path(home.path) / "work"


@pytest.fixture
def make_job() -> Callable[..., JobStart]:
    """Jobs of `run-1` with an hour to go, unless said otherwise."""

    def make(
        run: str, *, setup: str = "", env: dict[str, str] | None = None, lease: float = 3600, warn: int = 900
    ) -> JobStart:
        end = datetime.now(UTC) + timedelta(seconds=lease)
        return JobStart("run-1", setup, run, env or {}, end, warn)

    return make
