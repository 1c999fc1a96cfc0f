"""What PostgreSQL's errors mean to a human, mapped once, here. No message holds more than the server's first line."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from tools.errors import IntentAlreadyOpen, StoreBusy, StoreUnusable

BUSY_SECONDS = 15
"""How long a transaction waits for those of other processes and machines."""

_BUSY = (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected, errors.SerializationFailure)
_REMEDIES: tuple[tuple[type[psycopg.Error], str], ...] = (
    (errors.DiskFull, "its disk is full: free some space there"),
    (errors.OutOfMemory, "it is out of memory"),
    (errors.ReadOnlySqlTransaction, "it is read-only: SWINEHERD_DATABASE_URL must name the primary, not a standby"),
    (errors.TooManyConnections, "it takes no more connections: raise max_connections, or end what holds them"),
    (
        errors.InsufficientPrivilege,
        "the role may not do this: a new store needs GRANT CREATE ON DATABASE, an old one the role that made it",
    ),
    (errors.InvalidCatalogName, "there is no such database: make it with createdb"),
    (errors.DataCorrupted, "it is damaged: restore a backup (orders.jsonl still names every order of this machine)"),
    (errors.IndexCorrupted, "it is damaged: restore a backup (orders.jsonl still names every order of this machine)"),
    (errors.IoError, "its disk can't be read or written: check the disk there"),
    (errors.UndefinedTable, "tables of the spend log are missing: restore a backup"),
)


_AWAY = ("08", "25P03", "28", "3D000", "53300", "57P")


class NotCommitted(Exception):
    """The server ended the transaction otherwise than was asked."""


@contextmanager
def readable_errors(place: str) -> Iterator[None]:
    """Map the server's, the connection's and the journal's errors.

    Args:
        place: the server and the database, without a password.
    """
    try:
        yield
    except psycopg.IntegrityError as exc:
        if isinstance(exc, errors.UniqueViolation) and exc.diag.table_name == "charges":
            raise IntentAlreadyOpen(f"another charge is in flight ({_first_line(exc)})") from exc
        raise
    except _BUSY as exc:
        raise StoreBusy(f"{place}: another process holds it ({_first_line(exc)}): look for one that hangs") from exc
    except (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError) as exc:
        remedy = _remedy(exc)
        if remedy is None:
            raise
        raise StoreUnusable(f"{place}: {remedy}") from exc
    except psycopg.Error as exc:
        error = StoreBusy if _is_away(exc) else StoreUnusable
        raise error(f"{place}: {_remedy(exc) or _unknown(exc)}") from exc
    except NotCommitted as exc:
        raise StoreUnusable(f"{place}: {exc}") from exc
    except OSError as exc:
        raise StoreUnusable(f"{exc.filename or place}: {exc.strerror}; nothing may be spent until it works") from exc


def _remedy(exc: psycopg.Error) -> str | None:
    return next((remedy for kind, remedy in _REMEDIES if isinstance(exc, kind)), None)


def _is_away(exc: psycopg.Error) -> bool:
    """No answer, a refused login, a shutdown, a crash: nothing in the store is broken by it."""
    state = exc.sqlstate
    return state is None or state.startswith(_AWAY)


def _unknown(exc: psycopg.Error) -> str:
    if _is_away(exc):
        return f"it does not answer ({_first_line(exc)}): check that the server runs, and SWINEHERD_DATABASE_URL"
    return f"the server says: {_first_line(exc)}"


def _first_line(exc: psycopg.Error) -> str:
    """Without the rows and statements that may follow it."""
    said = exc.diag.message_primary or next(iter(str(exc).splitlines()), "no reason given")
    return said.strip()
