"""The log under test. `test_contract_*` is for every store, `test_sqlite_*` and `test_postgres_*` for the one each."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.empty_store import put_empty_store
from tests.fixtures_postgres import database, postgres, ready
from tests.postgres import Admin, Cluster
from tests.tools.spend_log.stores import InFile, OnServer, Store
from tools.spend_log.port import SpendLog

__all__ = ["database", "postgres", "ready"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test of the contract runs on both stores."""
    if "kind" in metafunc.fixturenames and ".test_contract_" in metafunc.module.__name__:
        metafunc.parametrize("kind", ["sqlite", "postgres"])


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """Which store, where a test does not run on both."""
    return "postgres" if ".test_postgres_" in request.module.__name__ else "sqlite"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where the SQLite file is."""
    return tmp_path / "home" / "spend.db"


@pytest.fixture
def place(kind: str, store: Path, request: pytest.FixtureRequest) -> Store:
    """Where the log under test is, to be opened by other processes. That a file is made is for `test_sqlite_*`."""
    if kind == "sqlite":
        if ".test_contract_" in request.module.__name__:
            put_empty_store(store)
        return InFile(store)
    server: Cluster = request.getfixturevalue("postgres")
    return OnServer(server.url(request.getfixturevalue("database")), store.with_name("orders.jsonl"))


@pytest.fixture
def unmade(kind: str, store: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """Where no log has been made yet."""
    if kind == "sqlite":
        yield InFile(store)
        return
    server: Cluster = request.getfixturevalue("postgres")
    server.make("empty")
    yield OnServer(server.url("empty"), store.with_name("orders.jsonl"))
    server.drop("empty")


@pytest.fixture
def reopen(place: Store) -> Iterator[Callable[[], SpendLog]]:
    """Open the same store once more, as another process would."""
    opened: list[SpendLog] = []

    def open_() -> SpendLog:
        log = place.open()
        opened.append(log)
        return log

    yield open_
    for log in opened:
        log.close()


@pytest.fixture
def log(reopen: Callable[[], SpendLog]) -> SpendLog:
    """A new, empty spend log."""
    return reopen()


@pytest.fixture
def raw(log: SpendLog, store: Path) -> Iterator[sqlite3.Connection]:
    """The file behind `log`, as somebody with a SQL prompt has it, without any of our settings."""
    connection = sqlite3.connect(store, isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def admin(place: OnServer, log: SpendLog) -> Iterator[Admin]:
    """Somebody with a prompt at the log's database."""
    with psycopg.connect(place.url.get_secret_value(), autocommit=True) as connection:
        yield connection
