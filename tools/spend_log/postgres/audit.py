"""Whether the rules in the database are those of the migrations. Its pages are the server's to check (`pg_amcheck`)."""

import re
from collections.abc import Iterator

from tools.spend_log.postgres.database import PostgresDatabase
from tools.spend_log.postgres.dialect import PATH, SCHEMA
from tools.spend_log.postgres.schema import bring_up_to_date, version_of
from tools.spend_log.rows import Finding
from tools.spend_log.sql import Database

_FRESH = f"{SCHEMA}_as_it_should_be"

_DEFINITIONS = """
    SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END AS kind, c.relname AS name,
        CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) ELSE (
            SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                a.attidentity, a.attcollation, pg_get_expr(d.adbin, d.adrelid)), ', ' ORDER BY a.attnum)
            FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) END AS definition
    FROM pg_class c WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind IN ('r', 'v')
    UNION ALL SELECT 'index', i.indexname, i.indexdef FROM pg_indexes i WHERE i.schemaname = :schema
    UNION ALL SELECT 'constraint', k.conrelid::regclass || ' ' || k.conname,
        concat_ws(' ', pg_get_constraintdef(k.oid), k.convalidated)
    FROM pg_constraint k WHERE k.connamespace = to_regnamespace(:schema)
    UNION ALL SELECT 'function', p.proname, pg_get_functiondef(p.oid)
    FROM pg_proc p WHERE p.pronamespace = to_regnamespace(:schema)
    UNION ALL SELECT 'trigger', t.tgname, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = to_regnamespace(:schema) AND NOT t.tgisinternal
"""


def changed_rules(db: PostgresDatabase) -> list[Finding]:
    """Tables, triggers, functions, indexes and views that are not as the migrations made them, or are switched off."""
    with db.transaction("WRITE") as writing:
        there = _definitions(writing, SCHEMA)
        writing.execute("SAVEPOINT before")
        writing.execute(f"SET LOCAL search_path = {PATH.replace(SCHEMA, _FRESH)}")
        bring_up_to_date(writing, 0, version_of(writing), _FRESH)
        due = _definitions(writing, _FRESH)
        writing.execute("ROLLBACK TO before")
    return [*_differences(there, due)]


def _differences(there: dict[tuple[str, str], str], due: dict[tuple[str, str], str]) -> Iterator[Finding]:
    for (kind, name), definition in due.items():
        if (kind, name) not in there:
            yield Finding(f"{kind} {name}", "is missing from the database")
        elif there[kind, name] != definition:
            yield Finding(f"{kind} {name}", "was changed in the database")


def _definitions(db: Database, schema: str) -> dict[tuple[str, str], str]:
    found = db.query(_DEFINITIONS, {"schema": schema})
    named = re.compile(rf"\b{schema}\b")
    return {(row["kind"], named.sub(SCHEMA, row["name"])): named.sub(SCHEMA, row["definition"]) for row in found}
