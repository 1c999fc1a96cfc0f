"""The log under test. `test_contract_*` is for every implementation, `test_sqlite_*` for this one."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.port import SpendLog


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where the SQLite file is."""
    return tmp_path / "home" / "spend.db"


@pytest.fixture
def reopen(store: Path) -> Iterator[Callable[[], SpendLog]]:
    """Open the same store once more, as another process would."""
    opened: list[SpendLog] = []

    def open_() -> SpendLog:
        log = SqliteSpendLog.open(store)
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
