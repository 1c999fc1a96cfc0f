"""Transactions on PostgreSQL: one writer at a time on all machines; a connection that broke is opened anew."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import psycopg
from psycopg.pq import TransactionStatus

from tools.spend_log.codec import Row
from tools.spend_log.postgres.dialect import PATH
from tools.spend_log.postgres.errors import BUSY_SECONDS, NotCommitted, readable_errors
from tools.spend_log.postgres.server import Connection, Server
from tools.spend_log.postgres.statements import for_psycopg
from tools.spend_log.sql import Changed

WRITER = 0x53_57_49_4E_45_01
"""The advisory lock of whoever writes, be it a row or a migration ("SWINE" 1)."""

_SILENT_SECONDS = 10
"""A writer that says nothing for so long, a suspended laptop say, loses its transaction to those who wait."""

_BEGIN = {
    # Read committed, and the lock first: each later statement sees all that earlier holders committed. One snapshot for
    # the whole transaction would be from before the wait.
    "WRITE": "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    f"; SET LOCAL search_path = {PATH}; SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = '{BUSY_SECONDS}s'"
    f"; SET LOCAL idle_in_transaction_session_timeout = '{_SILENT_SECONDS}s'"
    f"; SELECT pg_advisory_xact_lock({WRITER})",
    "READ": f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = {PATH}",
}

Kind = Literal["READ", "WRITE"]


class PostgresDatabase:
    """`tools.spend_log.sql.Database` over a connection to a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection: Connection | None = None

    @property
    def place(self) -> str:
        """The server and the database, without a password."""
        return self._server.place

    def execute(self, sql: str, parameters: Sequence[Any] | Row | None = None, /) -> Changed:
        """Run one statement of the transaction at hand."""
        return self._run(sql, parameters)

    def query(self, sql: str, params: Sequence[Any] | Row | None = None, /) -> Iterator[Row]:
        """Its rows, each a column's name to its value."""
        return iter(self._run(sql, params).fetchall())

    def close(self) -> None:
        """Give the connection back; the next transaction would open another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def transaction(self, kind: Kind) -> Iterator["PostgresDatabase"]:
        """All or nothing, durable when the block ends. What ended without an answer is told, never repeated.

        Raises:
            StoreUnusable: the server can't be reached, read or written; whether a commit that got no answer was made is
                then not known.
            StoreBusy: another process has held it for too long.
            IntentAlreadyOpen: another charge stands in the way.
        """
        with readable_errors(self._server.place):
            connection = self._begun(kind)
            try:
                yield self
                _commit(connection)
            finally:
                _roll_back(connection)

    def _begun(self, kind: Kind) -> Connection:
        """A connection that broke while it was idle is replaced: nothing had been asked of it."""
        if self._connection is not None and not self._connection.closed:
            try:
                self._connection.execute(_BEGIN[kind])
            except psycopg.OperationalError:
                if not self._connection.closed:
                    _roll_back(self._connection)
                    raise
            else:
                return self._connection
        self._connection = self._server.connect()
        try:
            self._connection.execute(_BEGIN[kind])
        except psycopg.Error:
            _roll_back(self._connection)
            raise
        return self._connection

    def _run(self, sql: str, values: Sequence[Any] | Row | None) -> "psycopg.Cursor[Row]":
        if self._connection is None:
            raise LookupError("no transaction is open")
        # The texts are this package's own, with every value bound; psycopg wants that said by a type.
        return self._connection.execute(for_psycopg(sql).encode(), _storable(values or ()))


def _commit(connection: Connection) -> None:
    """A server that answers COMMIT with ROLLBACK, as it does after a failed statement, has written nothing."""
    said = connection.execute("COMMIT").statusmessage
    if said != "COMMIT":
        raise NotCommitted(f"nothing was written: COMMIT was answered with {said}")


def _roll_back(connection: Connection) -> None:
    if connection.closed or connection.info.transaction_status is TransactionStatus.IDLE:
        return
    try:
        connection.execute("ROLLBACK")
    except psycopg.OperationalError:
        connection.close()


def _storable(values: Sequence[Any] | Row) -> Sequence[Any] | Row:
    if isinstance(values, Mapping):
        return {name: _column(value) for name, value in values.items()}
    return [_column(value) for value in values]


def _column(value: object) -> object:
    """Truth is a number in the tables; and their text can't hold a NUL, which a provider's may: it becomes a sign."""
    if isinstance(value, bool):
        return int(value)
    return value.replace("\x00", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
