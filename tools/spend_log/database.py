"""The database file: how it is opened, how a transaction runs, and what its errors mean to a human."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from sqlite_utils import Database as FileDatabase

from tools.errors import IntentAlreadyOpen, StoreBusy, StoreUnusable
from tools.spend_log.codec import Row
from tools.spend_log.sql import Database

BUSY_SECONDS = 15
"""How long a transaction waits for those of other processes."""

_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
)
_REMEDIES = {
    "SQLITE_FULL": "the disk is full: free some space",
    "SQLITE_READONLY": "it is read-only: make the file and its folder writable",
    "SQLITE_CORRUPT": "it is damaged: restore a backup (orders.jsonl beside it still names every order)",
    "SQLITE_NOTADB": "it is not a spend log: move the file away",
    "SQLITE_BUSY": f"another process has held it for {BUSY_SECONDS} seconds: look for one that hangs",
    "SQLITE_LOCKED": "another process holds it: look for one that hangs",
    "SQLITE_CANTOPEN": "it can't be opened: check the folder and its permissions",
    "SQLITE_IOERR": "the disk can't read or write it: check the disk",
}
_BUSY = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})


@contextmanager
def folder_locked(folder: Path) -> Iterator[int]:
    """One process at a time: two that turn a new file to WAL at once would see it locked, busy timeout or not.

    Yields the folder's descriptor.
    """
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        os.close(fd)


def connect(path: Path) -> FileDatabase:
    """Open (or make, 0600) the file with every durability setting on; the driver opens no transaction by itself."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    # Plugins of sqlite-utils would run other people's code inside the money's transactions.
    db = FileDatabase(connection, execute_plugins=False)
    if db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        db.execute("PRAGMA journal_mode = WAL")
    for pragma in _PRAGMAS:
        db.execute(pragma)
    return db


@contextmanager
def transaction(db: FileDatabase, path: Path, kind: Literal["IMMEDIATE", "DEFERRED"]) -> Iterator[FileDatabase]:
    """All or nothing, durable when the block ends.

    Raises:
        StoreUnusable: the file can't be read or written.
        IntentAlreadyOpen: another charge stands in the way.
    """
    with readable_errors(path):
        db.execute(f"BEGIN {kind}")
        try:
            yield db
            db.execute("COMMIT")
        finally:
            if db.conn.in_transaction:
                db.execute("ROLLBACK")


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Map the database's and the disk's errors once, here."""
    try:
        yield
    except sqlite3.IntegrityError as exc:
        if "UNIQUE constraint failed: charges." in str(exc):
            raise IntentAlreadyOpen(f"another charge is in flight ({exc})") from exc
        raise
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.Error as exc:
        error = StoreBusy if _name(exc) in _BUSY else StoreUnusable
        raise error(f"{path}: {_remedy(exc)}") from exc
    except OSError as exc:
        raise StoreUnusable(
            f"{exc.filename or path}: {exc.strerror}; nothing may be spent until it is writable"
        ) from exc


def _remedy(exc: sqlite3.Error) -> str:
    return _REMEDIES.get(_name(exc), f"the database says: {exc}")


def _name(exc: sqlite3.Error) -> str:
    """Without what SQLite extends it by, e.g. `SQLITE_IOERR` of `SQLITE_IOERR_READ`."""
    return "_".join(exc.sqlite_errorname.split("_")[:2]) if hasattr(exc, "sqlite_errorname") else ""


def rows(
    db: Database,
    table: str,
    where: str,
    args: Sequence[object] = (),
    *,
    order_by: str | None = None,
    limit: int | None = None,
) -> list[Row]:
    """The rows of `table` that match."""
    order = f" ORDER BY {order_by}" if order_by else ""
    most = f" LIMIT {limit:d}" if limit is not None else ""
    # Table, condition and order are texts of this package; every value is bound. Not `rows_where`, which asks for the
    # table's columns each time.
    return list(db.query(f"SELECT * FROM {table} WHERE {where}{order}{most}", args))  # noqa: S608


def one(db: Database, sql: str, *args: object) -> Row | None:
    """The first row of a query, or None."""
    return next(iter(list(db.query(sql, args))), None)


def insert(db: Database, table: str, row: Row) -> None:
    """Add one row. Not `Table.insert`: before sqlite-utils 4 that commits the transaction around it."""
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    # Table and columns are names from this package; every value is bound.
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)  # noqa: S608
