"""Connections that cost little: no savepoint around what only reads, opened once and used again by later processes."""

import sqlite3
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from tools.spend_log.database import connect


class QuickDatabase(Database):
    """As the one of production, to whoever uses it as the spend log does: queries that only read, and statements."""

    def query(self, sql: str, params: Any = None) -> Generator[dict[str, Any], None, None]:
        if not _only_reads(sql):
            return super().query(sql, params)
        cursor = self.conn.execute(sql, () if params is None else params)
        names = [column[0] for column in cursor.description]
        # The original renames a second column of one name; no query of ours has any.
        assert len(set(names)) == len(names), sql
        return (dict(zip(names, row, strict=False)) for row in cursor)

    def execute(self, sql: str, parameters: Any = None) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self.conn.execute(sql, () if parameters is None else parameters)
        return cursor


@cache
def _only_reads(sql: str) -> bool:
    return sql.startswith("SELECT ")


class Connections:
    """To one file, as production opens it, but without waiting for a disk.

    What was given back is handed out again, so that a new process need not read the schema anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[QuickDatabase] = []
        self._all: list[QuickDatabase] = []

    def take(self) -> QuickDatabase:
        """A connection that nobody else has."""
        return self._idle.pop() if self._idle else self._opened()

    def give_back(self, db: QuickDatabase) -> None:
        """Raises: AssertionError: its process has left a transaction open, which no other could wait out."""
        assert not db.conn.in_transaction
        self._idle.append(db)

    def close(self) -> None:
        """All of them, whoever has them."""
        for db in self._all:
            db.close()

    def _opened(self) -> QuickDatabase:
        db = QuickDatabase(connect(self._path).conn, execute_plugins=False)
        db.execute("PRAGMA synchronous = OFF")
        self._all.append(db)
        return db
