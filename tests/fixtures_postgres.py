"""Databases for tests: a server of the test process' own, and a new database with an empty spend log for each test."""

from collections.abc import Iterator

import pytest

from tests.postgres import Cluster, cluster
from tools.spend_log.postgres.log import PostgresSpendLog


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server for this process' tests; their databases are copies of `ready`, in which a spend log was made."""
    with cluster() as server:
        server.make("ready")
        yield server


@pytest.fixture(scope="session")
def ready(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with an empty spend log."""
    home = tmp_path_factory.mktemp("ready", numbered=True)
    home.chmod(0o700)
    PostgresSpendLog.open(postgres.url("ready"), home / "orders.jsonl").close()
    return "ready"


@pytest.fixture
def database(postgres: Cluster, ready: str) -> str:
    """The name of a database of the test's own, with an empty spend log; the next test's takes its place."""
    postgres.make("mine", ready)
    return "mine"
