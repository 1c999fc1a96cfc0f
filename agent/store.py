"""Where a place keeps its spend log: the one function that picks the store, for whoever opens one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from agent.errors import BadSettings
from agent.folders import Home, write_atomically
from agent.settings import Settings
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.port import SpendLog

if TYPE_CHECKING:
    from tools.spend_log.postgres.log import PostgresSpendLog


@dataclass(frozen=True, slots=True)
class Store:
    """A spend log that may not have been made yet.

    Attributes:
        home: the folder of `orders.jsonl` and of the runs, on this machine whatever the store is.
        database_url: the PostgreSQL it lies in; None for a SQLite file in the home.
    """

    home: Home
    is_sandbox: bool
    database_url: SecretStr | None = None

    def __str__(self) -> str:
        return str(self.home.spend_log) if self.database_url is None else "the database of SWINEHERD_DATABASE_URL"

    @property
    def is_shared(self) -> bool:
        """Whether other machines may use it too."""
        return self.database_url is not None

    @property
    def journal(self) -> Path:
        """This machine's `orders.jsonl`."""
        return self.home.spend_log.with_name("orders.jsonl")

    @property
    def marker(self) -> Path:
        """There once the money is in PostgreSQL: without the variable, caps would begin anew in an empty file."""
        return self.home.path / "spend-log-is-in-postgresql"

    def is_there(self) -> bool:
        """Whether it was made already.

        Raises:
            StoreUnusable: the server does not tell.
            BadSettings: the home's money is in the other kind of store, or the extra for PostgreSQL is not installed.
        """
        self._refuse_second()
        if self.database_url is None:
            return self.home.spend_log.exists()
        return _postgres().is_there(self.database_url)

    def open(self, *, settle_seconds: int = 300) -> SpendLog:
        """Open it, made or brought up to date where needed.

        Raises:
            StoreUnusable: it can't be used; the message names the remedy.
            BadSettings: the home's money is in the other kind of store, or the extra for PostgreSQL is not installed.
        """
        self._refuse_second()
        if self.database_url is None:
            return SqliteSpendLog.open(self.home.spend_log, settle_seconds=settle_seconds)
        log = _postgres().open(self.database_url, self.journal, settle_seconds=settle_seconds)
        if not self.marker.exists():
            write_atomically(self.marker, f"{log.place}\n")
        return log

    def clock_ahead(self, now: Callable[[], datetime]) -> timedelta:
        """How much later it is at the server than `now` says; nothing where the store is a file of this machine.

        Raises:
            StoreUnusable: the server does not tell.
            BadSettings: the extra for PostgreSQL is not installed.
        """
        return timedelta(0) if self.database_url is None else _postgres().clock_ahead(self.database_url, now)

    def _refuse_second(self) -> None:
        """One home, one spend log: a second one knows neither what the first spent nor the pods it pays for."""
        if self.database_url is not None and self.home.spend_log.exists():
            raise BadSettings(
                f"{self.home.spend_log} has this home's money, and the database of SWINEHERD_DATABASE_URL does not know"
                " of it: unset the variable, or set SWINEHERD_HOME to a new folder once no run there is open"
            )
        if self.database_url is None and self.marker.exists():
            raise BadSettings(
                f"the spend log of {self.home.path} is in PostgreSQL: set SWINEHERD_DATABASE_URL"
                f" (or, where that database is gone for good, remove {self.marker}; `sweep` then stops what"
                " orders.jsonl names)"
            )


def stores_of(settings: Settings) -> tuple[Store, Store]:
    """The real one, and the sandbox's: play money never leaves the machine."""
    home = Home(settings.home.expanduser().absolute())
    return Store(home, is_sandbox=False, database_url=settings.database_url), Store(home.sandbox, is_sandbox=True)


def _postgres() -> type["PostgresSpendLog"]:
    try:
        from tools.spend_log.postgres.log import PostgresSpendLog  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError as error:
        raise BadSettings(
            f"SWINEHERD_DATABASE_URL needs swineherd's extra `postgres` ({error.name} is missing):"
            " pip install '.[postgres]' where it was installed from"
        ) from error
    return PostgresSpendLog
