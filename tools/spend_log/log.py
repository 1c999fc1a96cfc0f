"""The spend log on SQLite: one file that every process of one payer shares."""

from contextlib import AbstractContextManager
from pathlib import Path

from sqlite_utils import Database as FileDatabase

from tools.spend_log.audit import audit
from tools.spend_log.database import readable_errors, transaction
from tools.spend_log.home import check_local, make_folder
from tools.spend_log.journal import Journal
from tools.spend_log.rows import Finding
from tools.spend_log.schema import open_database
from tools.spend_log.stored_log import StoredLog


class SqliteSpendLog(StoredLog):
    """`SpendLog` in one SQLite file, with `orders.jsonl` beside it. Used from the thread that opened it."""

    def __init__(self, db: FileDatabase, path: Path, settle_seconds: int) -> None:
        super().__init__(Journal(path.with_name("orders.jsonl")), settle_seconds)
        self._db = db
        self._path = path

    @classmethod
    def open(cls, path: Path, *, settle_seconds: int = 300) -> "SqliteSpendLog":
        """Open the log at `path`, made (0600, its folder 0700) or brought up to date where needed.

        Args:
            settle_seconds: how long a purchase in doubt keeps others on its account from starting.

        Raises:
            StoreUnusable: the place or the file can't be used; the message names it and the remedy.
        """
        check_local(path)
        make_folder(path.parent)
        log = cls(open_database(path), path, settle_seconds)
        with readable_errors(path):
            log._journal.create()
        return log

    def close(self) -> None:
        self._db.close()

    def _write(self) -> AbstractContextManager[FileDatabase]:
        return transaction(self._db, self._path, "IMMEDIATE")

    def _read(self) -> AbstractContextManager[FileDatabase]:
        return transaction(self._db, self._path, "DEFERRED")

    def audit(self) -> list[Finding]:
        with self._write():
            journal = self._journal.lines()
        with self._read():
            return audit(self._db, journal)
