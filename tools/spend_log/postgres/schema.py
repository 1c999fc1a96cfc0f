"""Versioned migrations of the spend log on PostgreSQL, all in a schema of its own; `schema_version` says how far."""

import re

from tools.errors import StoreUnusable
from tools.spend_log.database import one
from tools.spend_log.postgres.database import PostgresDatabase
from tools.spend_log.postgres.dialect import PREAMBLE, SCHEMA, for_postgres
from tools.spend_log.schema import MIGRATIONS
from tools.spend_log.sql import Database

_FIRST = ("CREATE TABLE schema_version (version BIGINT NOT NULL)", "INSERT INTO schema_version VALUES (0)", *PREAMBLE)

VERSIONS: tuple[tuple[str, ...], ...] = tuple(
    (*(_FIRST if number == 0 else ()), *for_postgres(statements)) for number, statements in enumerate(MIGRATIONS)
)
"""Statements that lead from version n to n + 1, the same as in SQLite. A released one never changes."""

_IS_THERE = "SELECT to_regclass(?) IS NOT NULL AS there"
_HAS_SCHEMA = "SELECT to_regnamespace(?) IS NOT NULL AS there"
_STRANGERS = "SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace(?)"


def is_there(db: PostgresDatabase) -> bool:
    """Whether the database holds a spend log already."""
    with db.transaction("READ") as reading:
        return version_of(reading) > 0


def migrate(db: PostgresDatabase, place: str) -> None:
    """Make the schema or bring it up to date in one transaction; of several that try at once, one does it.

    Raises:
        StoreUnusable: another program's schema, or a newer swineherd's.
    """
    with db.transaction("READ") as reading:
        if _known(reading, place) == len(VERSIONS):
            return
    with db.transaction("WRITE") as writing:
        bring_up_to_date(writing, _known(writing, place), len(VERSIONS))


def bring_up_to_date(db: Database, version: int, target: int, schema: str = SCHEMA) -> None:
    """Make in `schema`, which must be first on the search path, what is missing; inside the caller's transaction."""
    if one(db, _HAS_SCHEMA, schema) != {"there": True}:
        db.execute(f"CREATE SCHEMA {schema}")
    for statements in VERSIONS[version:target]:
        for statement in statements:
            db.execute(re.sub(rf"\b{SCHEMA}\b", schema, statement))
    db.execute("UPDATE schema_version SET version = ?", [target])


def _known(db: Database, place: str) -> int:
    version = version_of(db)
    if version > len(VERSIONS):
        raise StoreUnusable(
            f"{place} was written by a newer swineherd (schema {version}, this one knows {len(VERSIONS)}):"
            " upgrade swineherd, or name another database in SWINEHERD_DATABASE_URL"
        )
    if version == 0 and one(db, _STRANGERS, SCHEMA) is not None:
        raise StoreUnusable(
            f"{place} has a schema {SCHEMA} that is another program's: name another database in SWINEHERD_DATABASE_URL"
        )
    return version


def version_of(db: Database) -> int:
    """How far the schema is; 0 where there is none."""
    if one(db, _IS_THERE, f"{SCHEMA}.schema_version") != {"there": True}:
        return 0
    row = one(db, f"SELECT version FROM {SCHEMA}.schema_version")  # noqa: S608 - a name from this package
    version: int = row["version"] if row else 0
    return version
