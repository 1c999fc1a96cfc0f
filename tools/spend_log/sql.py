"""What the rules of the spend log need of a database, whichever it is: SQL in the dialect that they are written in.

That is SQLite's, `?` and `:name` for values; `tools.spend_log.postgres` says the same to PostgreSQL.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from tools.spend_log.codec import Row


class Changed(Protocol):
    """What a statement did."""

    @property
    def rowcount(self) -> int: ...


class Database(Protocol):
    """An open transaction."""

    def execute(self, sql: str, parameters: Sequence[Any] | Row | None = None, /) -> Changed: ...
    def query(self, sql: str, params: Sequence[Any] | Row | None = None, /) -> Iterator[Row]: ...
