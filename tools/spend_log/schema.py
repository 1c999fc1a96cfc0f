"""Versioned migrations of the spend log; `PRAGMA user_version` says which a file has had."""

from pathlib import Path

from sqlite_utils import Database

from tools.errors import StoreUnusable
from tools.spend_log.database import connect, folder_locked, readable_errors, transaction
from tools.spend_log.derived import DERIVED
from tools.spend_log.rules import RULES
from tools.spend_log.schema_2 import VERSION_2
from tools.spend_log.schema_3 import VERSION_3
from tools.spend_log.schema_4 import VERSION_4
from tools.spend_log.schema_5 import VERSION_5
from tools.spend_log.schema_6 import VERSION_6
from tools.spend_log.schema_7 import VERSION_7
from tools.spend_log.schema_8 import VERSION_8
from tools.spend_log.tables import INDEXES, TABLES

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    TABLES + INDEXES + RULES + DERIVED,
    VERSION_2,
    VERSION_3,
    VERSION_4,
    VERSION_5,
    VERSION_6,
    VERSION_7,
    VERSION_8,
)
"""Statements that lead from version n to n + 1. A released one never changes: files that had it would not get it."""


def open_database(path: Path) -> Database:
    """Open the spend log at `path`, made or brought up to date where needed; the folder must be there.

    Raises:
        StoreUnusable: unreadable, damaged, another program's, or written by a newer swineherd.
    """
    with readable_errors(path), folder_locked(path.parent):
        db = connect(path)
        try:
            migrate(db, path)
        except BaseException:
            db.close()
            raise
        return db


def migrate(db: Database, path: Path) -> None:
    """Bring the file up to date, each version in a transaction of its own.

    Raises:
        StoreUnusable: another program's file, or a newer swineherd's.
    """
    version = _version(db)
    if version > len(MIGRATIONS):
        raise StoreUnusable(
            f"{path} was written by a newer swineherd (schema {version}, this one knows {len(MIGRATIONS)}): "
            "upgrade swineherd, or set SWINEHERD_HOME to another folder"
        )
    if version == 0 and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StoreUnusable(f"{path} is another program's database: move it away, or set SWINEHERD_HOME")
    for number in range(version, len(MIGRATIONS)):
        with transaction(db, path, "IMMEDIATE"):
            for statement in MIGRATIONS[number]:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number + 1}")


def _version(db: Database) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version
