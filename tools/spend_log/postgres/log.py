"""The spend log on PostgreSQL: one store that every machine of one payer shares."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from tools.spend_log.audit import contradictions
from tools.spend_log.database import readable_errors
from tools.spend_log.home import check_local, make_folder
from tools.spend_log.journal import Journal
from tools.spend_log.postgres.audit import changed_rules
from tools.spend_log.postgres.database import PostgresDatabase
from tools.spend_log.postgres.schema import is_there, migrate
from tools.spend_log.postgres.server import Server
from tools.spend_log.rows import Finding
from tools.spend_log.stored_log import StoredLog


class PostgresSpendLog(StoredLog):
    """`SpendLog` in the schema `swineherd` of one database; each machine has an `orders.jsonl` of its own beside it."""

    def __init__(self, db: PostgresDatabase, journal: Journal, settle_seconds: int) -> None:
        super().__init__(journal, settle_seconds)
        self._db = db

    @classmethod
    def open(cls, url: SecretStr, journal_path: Path, *, settle_seconds: int = 300) -> "PostgresSpendLog":
        """Open the log, its schema made or brought up to date where needed.

        Args:
            url: as libpq takes it, `postgresql://…`.
            journal_path: this machine's `orders.jsonl`, on a disk of its own.
            settle_seconds: how long a purchase in doubt keeps others on its account from starting.

        Raises:
            StoreUnusable: the server, the database or the folder can't be used; the message names the remedy.
        """
        check_local(journal_path)
        make_folder(journal_path.parent)
        server = Server(url)
        db = PostgresDatabase(server)
        try:
            migrate(db, server.place)
            journal = Journal(journal_path)
            with readable_errors(journal_path):
                journal.create()
        except BaseException:
            db.close()
            raise
        return cls(db, journal, settle_seconds)

    @property
    def place(self) -> str:
        """The server and the database, without a password."""
        return self._db.place

    @staticmethod
    def is_there(url: SecretStr) -> bool:
        """Whether the database holds a spend log already; makes none.

        Raises:
            StoreUnusable: it can't be looked at.
        """
        db = PostgresDatabase(Server(url))
        try:
            return is_there(db)
        finally:
            db.close()

    @staticmethod
    def clock_ahead(url: SecretStr, now: Callable[[], datetime]) -> timedelta:
        """How much later it is at the server than `now` says, asked half way between two of its answers.

        Raises:
            StoreUnusable: it can't be asked.
        """
        db = PostgresDatabase(Server(url))
        try:
            with db.transaction("READ"):
                before = now()
                (row,) = db.query("SELECT clock_timestamp() AS at")
                there: datetime = row["at"]
                return there - (before + (now() - before) / 2)
        finally:
            db.close()

    def close(self) -> None:
        self._db.close()

    def _write(self) -> AbstractContextManager[PostgresDatabase]:
        return self._db.transaction("WRITE")

    def _read(self) -> AbstractContextManager[PostgresDatabase]:
        return self._db.transaction("READ")

    def audit(self) -> list[Finding]:
        """But for the server's own files, which only the server can check."""
        with self._write():
            journal = self._journal.lines()
        rules = changed_rules(self._db)
        with self._read() as db:
            return [*rules, *contradictions(db, journal, alone=False)]
