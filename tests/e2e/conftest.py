"""One sandbox for each module, as a process of its own under the module's own SWINEHERD_HOME."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.swineherd import Gate, Swineherd
from tools.sandbox.endpoint import Endpoint, read_posted
from tools.sandbox.process import ensure_running, running, shut_down

DEPLOY_SECONDS = 0.05
IDLE_SECONDS = 120.0


def sandboxed(home: Path) -> Iterator[Endpoint]:
    """Start the sandbox that `--sandbox` will find; at the end neither it nor a pod is left."""
    yield ensure_running(home / "sandbox", deploy_seconds=DEPLOY_SECONDS, idle_seconds=IDLE_SECONDS)
    posted = read_posted(home / "sandbox")
    if (endpoint := running(home / "sandbox")) is not None:
        shut_down(endpoint, end_pods=True)
    if posted is not None and psutil.pid_exists(posted.pid):
        psutil.Process(posted.pid).wait(timeout=20)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Endpoint]]:
    """A home and its sandbox, for all tests of a module."""
    home = tmp_path_factory.mktemp("home")
    for endpoint in sandboxed(home):
        yield home, endpoint


@pytest.fixture
def herd(shared: tuple[Path, Endpoint], tmp_path: Path) -> Swineherd:
    """The command line on the module's home."""
    home, endpoint = shared
    return Swineherd(home, endpoint, tmp_path)


@pytest.fixture
def bare(tmp_path: Path) -> Swineherd:
    """The command line on an empty home, with no sandbox."""
    return Swineherd(tmp_path / "home", Endpoint("", "", tmp_path, ""), tmp_path)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """For a job that is held until the test lets it go on."""
    return Gate(tmp_path)
