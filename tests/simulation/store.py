"""Stores that are quickly made and may be lost: a copy of an empty one in memory, no waiting for a disk."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from agent.folders import Home
from tests.simulation.process import Process
from tools.spend_log.database import connect
from tools.spend_log.journal import Journal, Line
from tools.spend_log.log import SqliteSpendLog

_IN_MEMORY = Path("/dev/shm")


def _root() -> str | None:
    return str(_IN_MEMORY) if _IN_MEMORY.is_dir() else None


@contextmanager
def a_home() -> Iterator[Home]:
    """An empty store, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="swineherd-life-", dir=_root()))
    home = Home(folder)
    try:
        home.spend_log.write_bytes(_empty_store())
        home.spend_log.chmod(0o600)
        home.spend_log.with_name("orders.jsonl").touch(0o600)
        yield home
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _empty_store() -> bytes:
    """The file that the spend log itself makes."""
    with tempfile.TemporaryDirectory(dir=_root()) as folder:
        path = Path(folder) / "spend.db"
        SqliteSpendLog.open(path).close()
        return path.read_bytes()


class KillableLog(SqliteSpendLog):
    """The real spend log of one process, which may die before and after each write.

    Attributes:
        written: told after each commit, with the method that wrote.
    """

    process: Process
    written: Callable[[Process, str], object]

    @classmethod
    def of(
        cls, home: Home, process: Process, settle_seconds: int, written: Callable[[Process, str], object]
    ) -> "KillableLog":
        """As `open`, without its look at the disk and the migrations."""
        db = connect(home.spend_log)
        db.execute("PRAGMA synchronous = OFF")
        log = cls(db, home.spend_log, settle_seconds)
        log._journal = _KillableJournal(home.spend_log.with_name("orders.jsonl"), process)
        log.process, log.written = process, written
        return log

    @contextmanager
    def _write(self) -> Iterator[Database]:
        method = sys._getframe(2).f_code.co_name
        self.process.boundary(f"{method}, to be written")
        with super()._write() as db:
            yield db
        self.process.trace.note(self.process.name, f"wrote {method}")
        self.written(self.process, method)
        self.process.boundary(f"{method}, written")

    @contextmanager
    def _read(self) -> Iterator[Database]:
        self.process.still_there()
        with super()._read() as db:
            yield db


class _KillableJournal(Journal):
    """`orders.jsonl`, between which and the database a process may die."""

    def __init__(self, path: Path, process: Process) -> None:
        super().__init__(path)
        self._process = process

    def append(self, line: Line) -> None:
        super().append(line)
        self._process.boundary("a line of orders.jsonl, written")


def connect_reader(home: Home) -> Any:
    """A second connection, as another program would have it."""
    return connect(home.spend_log).conn
