"""The open file behind the spend log, shared by the parts of its class."""

from contextlib import AbstractContextManager
from pathlib import Path

from sqlite_utils import Database

from tools.spend_log.database import transaction
from tools.spend_log.journal import Journal


class LogFile:
    """One SQLite file with `orders.jsonl` beside it. Used from the thread that opened it."""

    def __init__(self, db: Database, path: Path, settle_seconds: int) -> None:
        self._db = db
        self._path = path
        self._settle_seconds = settle_seconds
        self._journal = Journal(path.with_name("orders.jsonl"))

    def close(self) -> None:
        self._db.close()

    def _write(self) -> AbstractContextManager[Database]:
        return transaction(self._db, self._path, "IMMEDIATE")

    def _read(self) -> AbstractContextManager[Database]:
        return transaction(self._db, self._path, "DEFERRED")
