"""Stores that are quickly made and may be lost: a copy of an empty one in memory, no waiting for a disk."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlite_utils import Database

from agent.folders import Home
from tests.empty_store import put_empty_store
from tests.memory_disk import memory_disk
from tests.simulation.process import Process
from tests.simulation.quick import Connections
from tools.spend_log.database import readable_errors
from tools.spend_log.journal import Journal, Line
from tools.spend_log.log import SqliteSpendLog


@contextmanager
def a_home() -> Iterator[Home]:
    """An empty store, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="swineherd-life-", dir=memory_disk()))
    home = Home(folder)
    try:
        put_empty_store(home.spend_log)
        home.spend_log.with_name("orders.jsonl").touch(0o600)
        yield home
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class KillableLog(SqliteSpendLog):
    """The real spend log of one process, which may die before and after each write.

    Attributes:
        written: told after each commit, with the method that wrote.
    """

    process: Process
    written: Callable[[Process, str], object]

    _give_back: Callable[[], None]
    _reading = False

    @classmethod
    def of(
        cls,
        home: Home,
        connections: Connections,
        process: Process,
        settle_seconds: int,
        written: Callable[[Process, str], object],
    ) -> "KillableLog":
        """As `open`, without its look at the disk and the migrations."""
        log = cls(db := connections.take(), home.spend_log, settle_seconds)
        log._journal = _KillableJournal(home.spend_log.with_name("orders.jsonl"), process)
        log.process, log.written = process, written
        log._give_back = partial(connections.give_back, db)
        return log

    def close(self) -> None:
        self._give_back()

    @contextmanager
    def _write(self) -> Iterator[Database]:
        method = sys._getframe(2).f_code.co_name
        assert not self._reading, "a write within a read"
        self.process.boundary(f"{method}, to be written")
        with super()._write() as db:
            yield db
        self.process.trace.note(self.process.name, f"wrote {method}")
        self.written(self.process, method)
        self.process.boundary(f"{method}, written")

    @contextmanager
    def _read(self) -> Iterator[Database]:
        """One thread, and nothing awaited within: nobody can write between two queries, so it takes no transaction."""
        self.process.still_there()
        db, before = self._db, self._db.conn.total_changes
        assert not self._reading, "a read within a read"
        assert not db.conn.in_transaction, "a read within a write"
        self._reading = True
        try:
            with readable_errors(self._path):
                yield db
        finally:
            self._reading = False
            assert (db.conn.in_transaction, db.conn.total_changes) == (False, before), "a read has written"


class _KillableJournal(Journal):
    """`orders.jsonl`, between which and the database a process may die."""

    def __init__(self, path: Path, process: Process) -> None:
        super().__init__(path)
        self._process = process

    def append(self, line: Line) -> None:
        super().append(line)
        self._process.boundary("a line of orders.jsonl, written")
