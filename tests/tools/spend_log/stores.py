"""Where a spend log under test lies, said so that another process can open it too."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.postgres.log import PostgresSpendLog


@dataclass(frozen=True, slots=True)
class InFile:
    """One SQLite file."""

    path: Path

    def open(self) -> SqliteSpendLog:
        return SqliteSpendLog.open(self.path)


@dataclass(frozen=True, slots=True)
class OnServer:
    """One PostgreSQL database, and this machine's `orders.jsonl`."""

    url: SecretStr
    journal: Path

    def open(self) -> PostgresSpendLog:
        return PostgresSpendLog.open(self.url, self.journal)


Store = InFile | OnServer
