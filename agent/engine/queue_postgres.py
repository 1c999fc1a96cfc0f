"""The queue in PostgreSQL, in a schema of its own beside the spend log's."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg
import sqlalchemy
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from agent.engine.queue import QueuePlace
from tools.spend_log.postgres.errors import readable_errors
from tools.spend_log.postgres.server import Server

SCHEMA = "swineherd_queue"

MOST_CONNECTIONS = 5
"""Of one worker. A leg needs one for a moment at its beginning and at its end."""

_FROZEN_SECONDS = 60
"""A worker that is suspended in the middle of a transaction loses it, and the locks with it."""


def in_postgres(url: SecretStr, home: str) -> QueuePlace:
    """Connects to nothing yet. The URL, with its password, is known to the connections alone: DBOS never sees it.

    Args:
        home: the legs that are taken and asked for here are those of this home's runs.

    Raises:
        StoreUnusable: it is no URL of a PostgreSQL.
    """
    server = Server(url)
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=partial(_connected, server.conninfo),
        pool_size=MOST_CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,
    )
    database = {"system_database_engine": engine, "dbos_system_schema": SCHEMA, "use_listen_notify": False}
    return QueuePlace(database, home, partial(_readable_errors, server.place), engine.dispose)


def _connected(conninfo: SecretStr) -> psycopg.Connection:
    connection = psycopg.connect(
        conninfo.get_secret_value(), application_name="swineherd queue", prepare_threshold=None
    )
    connection.execute(f"SET idle_in_transaction_session_timeout = '{_FROZEN_SECONDS}s'".encode())
    connection.commit()
    return connection


@contextmanager
def _readable_errors(place: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if not isinstance(error.orig, psycopg.Error):
            raise
        with readable_errors(place):
            raise error.orig from error
