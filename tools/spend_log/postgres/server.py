"""The server: how it is called, in what words it is named, and whether it may hold money."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.adapt import Buffer, Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from pydantic import SecretStr

from tools.errors import StoreUnusable

OLDEST = 130_000

_WHEN_SILENT: Mapping[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "swineherd",
}
"""A network that swallows everything must end as an error, not as an agent that hangs; the URL may say otherwise."""

_FITNESS = (
    "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,"
    " current_setting('fsync') AS fsync"
)

Connection = psycopg.Connection[DictRow]


class _WholeNumber(Loader):
    """The server's sums of cents are `numeric`; a fraction of a cent is an error."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data))


class Server:
    """The database that `SWINEHERD_DATABASE_URL` names."""

    def __init__(self, url: SecretStr) -> None:
        """Connects to nothing yet.

        Raises:
            StoreUnusable: it is no such URL. The message does not repeat it: a password may be anywhere in it.
        """
        try:
            said = conninfo_to_dict(url.get_secret_value())
        except psycopg.Error:
            raise StoreUnusable(
                "SWINEHERD_DATABASE_URL can't be read: postgresql://USER:PASSWORD@HOST:PORT/DATABASE is its form"
            ) from None
        defaults = {name: value for name, value in _WHEN_SILENT.items() if name not in said}
        self.conninfo = SecretStr(make_conninfo(url.get_secret_value(), **defaults))
        """What libpq takes, with our patience where the URL names none."""
        host = said.get("host") or said.get("hostaddr") or "the local socket"
        port = f":{said['port']}" if said.get("port") else ""
        self.place = f"PostgreSQL at {host}{port}/{said.get('dbname') or said.get('user') or ''}".rstrip("/")

    def connect(self) -> Connection:
        """A new connection; it opens no transaction by itself.

        Raises:
            psycopg.Error: nobody answers, or the answer is no.
            StoreUnusable: the server would forget or garble what is written.
        """
        connection = psycopg.connect(
            self.conninfo.get_secret_value(),
            autocommit=True,
            client_encoding="utf8",
            prepare_threshold=None,  # a pooler in front may give each transaction another session
            row_factory=dict_row,
        )
        try:
            connection.adapters.register_loader("numeric", _WholeNumber)
            self._refuse_unfit(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _refuse_unfit(self, connection: Connection) -> None:
        (row,) = connection.execute(_FITNESS)
        if row["version"] < OLDEST:
            raise StoreUnusable(f"{self.place}: PostgreSQL {OLDEST // 10_000} or newer is needed")
        if row["encoding"] != "UTF8":
            raise StoreUnusable(f"{self.place}: the database must be made with ENCODING 'UTF8', not {row['encoding']}")
        if row["fsync"] != "on":
            raise StoreUnusable(
                f"{self.place}: the server runs with fsync = off: a power cut would make it forget what was paid"
            )
