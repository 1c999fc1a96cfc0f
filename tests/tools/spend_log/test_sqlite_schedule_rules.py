"""What a SQL prompt can't do to schedules, their nights and their grants either: the rules are in the file."""

import re
import sqlite3
from collections.abc import Iterator

import pytest

from tests.tools.spend_log.illegal import ILLEGAL
from tests.tools.spend_log.nights import TERMS, furnish_nights
from tests.tools.spend_log.test_contract_grants import granted
from tests.tools.spend_log.test_sqlite_rules import refused
from tools.spend_log.codec import to_text
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.schema_6 import VERSION_6

MESSAGES = dict(re.findall(r"CREATE TRIGGER (\w+) .+RAISE\(ABORT, '([^']+)'\)", "\n".join(VERSION_6)))
TABLES = ("schedules", "nights", "standing_grants", "standing_work", "grant_draws")
DRAW = "INSERT INTO grant_draws (grant_id, standing_id) VALUES (?, ?)"
NOT_COVERED = "the grant does not cover this night"


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A prompt at a file with one of everything."""
    home = tmp_path_factory.mktemp("furnished")
    home.chmod(0o700)
    log = SqliteSpendLog.open(home / "spend.db")
    granted(log, "batched")
    furnish_nights(log)
    log.close()
    connection = sqlite3.connect(home / "spend.db", isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def raw(furnished: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """What is tried is taken back."""
    furnished.execute("BEGIN")
    yield furnished
    furnished.execute("ROLLBACK")


def grant_for_a_night(raw: sqlite3.Connection, grant_id: str, **changes: str) -> None:
    """A copy of `gra-12`, which nobody answered and no night was counted for."""
    columns = {name: name for name in ("batch_id", "amount", "pods", "account", "base_url", "code", "created_at")}
    columns |= {"expires_at": "expires_at", "until": "until"} | changes
    raw.execute(
        f"INSERT INTO grants (grant_id, {', '.join(columns)}) SELECT '{grant_id}', {', '.join(columns.values())}"
        " FROM grants WHERE grant_id = 'gra-12'"
    )


@pytest.mark.parametrize("rule", MESSAGES)
def test_each_rule_refuses(raw: sqlite3.Connection, rule: str) -> None:
    """In its own words, every statement that it refuses in PostgreSQL."""
    for statement in ILLEGAL[rule]:
        if not statement.startswith("TRUNCATE"):
            assert refused(raw, statement) == MESSAGES[rule], statement


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_replaced(raw: sqlite3.Connection, table: str) -> None:
    """A row with the same key does not take its place, though no trigger hears of a row that is replaced."""
    before = raw.execute(f"SELECT * FROM {table}").fetchall()
    refused(raw, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    assert raw.execute(f"SELECT * FROM {table}").fetchall() == before


@pytest.mark.parametrize(
    "night",
    [
        "'sch-1', 'x', '', '', 'begun', '', NULL",
        "'sch-1', 'x', '', '', 'skipped', '', 'bat-1'",
        "'sch-1', 'x', '', '', 'dreamt', '', NULL",
        "'sch-1', '', '', '', 'missed', '', NULL",
    ],
)
def test_a_night_has_a_batch_if_it_was_begun(raw: sqlite3.Connection, night: str) -> None:
    """And only then; it has a name, and one of four ends."""
    assert "CHECK constraint failed" in refused(raw, f"INSERT INTO nights VALUES ({night})")


def test_what_was_begun_may_be_written_where_the_schedule_goes_on(raw: sqlite3.Connection) -> None:
    """What is refused where it rests, unchanged but for that; and one that rests may note what it skipped."""
    raw.execute("INSERT INTO nights VALUES ('sch-1', 'x', '', '', 'begun', '', 'bat-1')")
    raw.execute("INSERT INTO nights VALUES ('sch-paused', 'x', '', '', 'skipped', '', NULL)")


def test_a_night_that_is_covered_may_be_written(raw: sqlite3.Connection) -> None:
    """What the tests below change one by one, unchanged: once, until the three nights are used."""
    raw.execute(DRAW, ("gra-12", "sta-1"))
    assert refused(raw, DRAW.replace("INSERT", "INSERT OR REPLACE"), "gra-12", "sta-1") == NOT_COVERED
    grant_for_a_night(raw, "gra-13")
    raw.execute(DRAW, ("gra-13", "sta-1"))
    grant_for_a_night(raw, "gra-14")
    assert refused(raw, DRAW, "gra-14", "sta-1") == NOT_COVERED


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "301"},
        {"pods": "3"},
        {"account": "'key-2'"},
        {"base_url": "'https://example.com/api'"},
        {"until": "until || '1'"},
        {"created_at": f"'{to_text(TERMS.each.until)}'"},
        {"batch_id": "'bat-1'"},
        {"batch_id": "'bat-21'"},
    ],
)
def test_a_nights_grant_must_be_covered(raw: sqlite3.Connection, changes: dict[str, str]) -> None:
    """Amount, pods, payer, provider, both ends, and a night's batch, of this very schedule."""
    grant_for_a_night(raw, "gra-13", **changes)
    assert refused(raw, DRAW, "gra-13", "sta-1") == NOT_COVERED
    grant_for_a_night(raw, "gra-14")
    raw.execute(DRAW, ("gra-14", "sta-1"))


@pytest.mark.parametrize("standing", ["sta-0", "sta-2", "sta-9"])
def test_only_a_grant_that_stands_gives(raw: sqlite3.Connection, standing: str) -> None:
    """Not one that was taken back, that nobody answered, or that is not there."""
    assert refused(raw, DRAW, "gra-12", standing) == NOT_COVERED


def test_a_question_that_was_answered_is_not_drawn_afterwards(raw: sqlite3.Connection) -> None:
    """A yes to this one night is no night of many."""
    raw.execute("UPDATE grants SET decision = 'approved' WHERE grant_id = 'gra-12'")
    assert refused(raw, DRAW, "gra-12", "sta-1") == NOT_COVERED
