"""A home and a sandbox for each test: what one test breaks, none other meets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.swineherd import Gate, Swineherd
from tests.faulty.provider import PAYING, Provider
from tests.fixtures_sandbox import sandbox_in_thread
from tools.sandbox.process import shut_down


@pytest.fixture
def herd(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Swineherd]:
    """The command line under a policy that pays by itself and settles doubts fast; at the end no pod is left."""
    home = tmp_path_factory.mktemp("home")
    with sandbox_in_thread(home / "sandbox") as endpoint:
        yield Swineherd(home, endpoint, tmp_path).policy(PAYING)
        shut_down(endpoint, end_pods=True)


@pytest.fixture
def provider(herd: Swineherd) -> Provider:
    """The sandbox as whoever makes it fail sees it."""
    return Provider(herd.endpoint)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """For a job that is held until the test lets it go on."""
    return Gate(tmp_path)
