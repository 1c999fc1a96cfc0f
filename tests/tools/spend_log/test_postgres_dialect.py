"""SQLite's words said to PostgreSQL: nothing in a literal is touched, nothing that is not understood gets through."""

import pytest

from tools.spend_log.postgres.dialect import for_postgres
from tools.spend_log.postgres.statements import for_psycopg


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("SELECT * FROM runs WHERE run_id = ? LIMIT ?", "SELECT * FROM runs WHERE run_id = %s LIMIT %s"),
        ("UPDATE a SET b = coalesce(:b, b), c = :c_1", "UPDATE a SET b = coalesce(%(b)s, b), c = %(c_1)s"),
        ("SELECT 'why? :no 100%', \":x?\" FROM a WHERE b = ?", "SELECT 'why? :no 100%%', \":x?\" FROM a WHERE b = %s"),
        ("SELECT 'it''s ? :n' WHERE a = ?", "SELECT 'it''s ? :n' WHERE a = %s"),
        ("SELECT a::text FROM b -- why? :x\nWHERE c = :c", "SELECT a::text FROM b -- why? :x\nWHERE c = %(c)s"),
        ("SELECT a FROM b c INDEXED BY d_e WHERE f = ?", "SELECT a FROM b c WHERE f = %s"),
        ("SELECT ' INDEXED BY x'", "SELECT ' INDEXED BY x'"),
        ("SELECT a % 2", "SELECT a %% 2"),
    ],
)
def test_placeholders(said: str, meant: str) -> None:
    """`?` and `:name` become psycopg's where they stand for values, and only there."""
    assert for_psycopg(said) == meant


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE a (b INTEGER PRIMARY KEY AUTOINCREMENT) STRICT",
        "CREATE VIEW a AS SELECT printf('%05d', b) FROM c",
        "CREATE VIEW a AS SELECT json_extract(b, '$.x') FROM c",
        "INSERT OR REPLACE INTO a VALUES (1)",
        "CREATE TRIGGER a INSTEAD OF DELETE ON b BEGIN SELECT 1; END",
        "CREATE TRIGGER a BEFORE DELETE ON b BEGIN SELECT RAISE(IGNORE); END",
    ],
)
def test_what_only_sqlite_understands_is_refused(statement: str) -> None:
    """A rule left out unseen would be a hole."""
    with pytest.raises(ValueError, match="only SQLite"):
        for_postgres((statement,))


def test_a_rule_guards_against_truncation_too() -> None:
    """What may not be deleted row by row may not go at once."""
    kept = "CREATE TRIGGER a_kept BEFORE DELETE ON a WHEN 1 BEGIN SELECT RAISE(ABORT, 'kept'); END"
    function, row, whole = for_postgres((kept,))
    assert "IF true THEN" in function
    assert "SET search_path = swineherd, pg_catalog, pg_temp" in function
    assert row == "CREATE TRIGGER a_kept BEFORE DELETE ON a FOR EACH ROW EXECUTE FUNCTION a_kept()"
    assert whole == "CREATE TRIGGER a_kept_whole BEFORE TRUNCATE ON a FOR EACH STATEMENT EXECUTE FUNCTION a_kept()"


def test_is_compares_values() -> None:
    """NULL included, as in SQLite; `IS NULL` stays what it is."""
    rule = (
        "CREATE TRIGGER a BEFORE UPDATE ON b WHEN NEW.c IS NOT OLD.c AND OLD.d IS 'x' AND NEW.e IS NOT NULL"
        " AND OLD.e IS NULL BEGIN SELECT RAISE(ABORT, 'this IS NOT touched'); END"
    )
    function, _ = for_postgres((rule,))
    assert "NEW.c IS DISTINCT FROM OLD.c AND OLD.d IS NOT DISTINCT FROM 'x'" in function
    assert "NEW.e IS NOT NULL AND OLD.e IS NULL" in function
    assert "this IS NOT touched" in function
