"""What a SQL prompt can't do to batches and grants either: the rules are in the file, not in our code."""

import sqlite3
from typing import Any

import pytest

from policies.grant import Used
from policies.money import Cents
from tests.tools.spend_log.test_contract_batches import batched
from tests.tools.spend_log.test_contract_grants import TERMS, asked, buy, granted
from tests.tools.spend_log.test_sqlite_rules import refused
from tests.tools.spend_log.things import NOW, held, new_run
from tests.tools.spend_log.things import an_offer as offer_of
from tools.spend_log.port import SpendLog

USE = "INSERT INTO grant_uses (charge_id, grant_id) VALUES (?, ?)"


@pytest.mark.parametrize("table", ["batches", "batch_jobs", "grants", "grant_jobs", "grant_uses"])
def test_no_row_is_deleted_or_replaced(log: SpendLog, raw: sqlite3.Connection, table: str) -> None:
    """Of none of the tables; a row with the same key does not take its place."""
    granted(log, "a")
    buy(log, "a")
    before = raw.execute(f"SELECT * FROM {table}").fetchall()
    refused(raw, f"DELETE FROM {table}")
    refused(raw, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    assert raw.execute(f"SELECT * FROM {table}").fetchall() == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE batches SET budget = 999999",
        "UPDATE batch_jobs SET position = 2",
        "UPDATE grant_jobs SET job_sha256 = 'b'",
        "UPDATE grant_uses SET grant_id = 'gra-1'",
        *(f"UPDATE grants SET {column} = {column} || '0'" for column in ("grant_id", "account", "base_url", "code")),
        *(f"UPDATE grants SET {column} = {column} || '0'" for column in ("created_at", "expires_at", "until")),
        *(f"UPDATE grants SET {column} = {column} + 1" for column in ("amount", "pods")),
        "UPDATE grants SET decision = 'denied'",
        "UPDATE grants SET decision = NULL",
        "INSERT INTO grant_jobs (grant_id, job_sha256) VALUES ('gra-1', 'b')",
    ],
)
def test_what_was_said_yes_to_never_changes(log: SpendLog, raw: sqlite3.Connection, change: str) -> None:
    """Neither the terms, nor the jobs, nor the answer."""
    granted(log, "a")
    buy(log, "a")
    refused(raw, change)


def test_a_grant_is_not_born_approved(log: SpendLog, raw: sqlite3.Connection) -> None:
    """It begins as a question."""
    granted(log, "a")
    columns = "batch_id, amount, pods, account, base_url, code, created_at, expires_at, until, decision"
    forged = f"INSERT INTO grants (grant_id, {columns}) SELECT 'gra-2', {columns} FROM grants"
    assert "begins as a question" in refused(raw, forged)


def test_a_grant_that_was_taken_back_stays_so(log: SpendLog, raw: sqlite3.Connection) -> None:
    """And pays for nothing by SQL either."""
    granted(log, "a")
    log.revoke_grant("gra-1", "me", NOW)
    refused(raw, "UPDATE grants SET revoked_at = NULL")
    charge = held(log, offer_of("a", 100))
    assert "does not cover" in refused(raw, USE, charge.charge_id, "gra-1")


@pytest.mark.parametrize(
    ("run_id", "changes"),
    [
        ("a", {"amount": 301}),
        ("a", {"account": "key-2"}),
        ("a", {"base_url": "https://example.com/api"}),
        ("outside", {}),
        ("other-job", {}),
    ],
)
def test_a_use_must_be_covered(log: SpendLog, raw: sqlite3.Connection, run_id: str, changes: dict[str, Any]) -> None:
    """Amount, payer, provider, batch and job, as in our own code."""
    granted(log, "a")
    if run_id == "other-job":
        log.add_run(new_run(run_id, job_sha256="b" * 64))
    charge = held(log, offer_of(run_id, **({"amount": 100} | changes)))
    assert "does not cover" in refused(raw, USE, charge.charge_id, "gra-1")


def test_a_covered_charge_may_be_written(log: SpendLog, raw: sqlite3.Connection) -> None:
    """What the tests above change one by one, unchanged: it is the rule that refuses, not the statement."""
    granted(log, "a")
    charge = held(log, offer_of("a", 300))
    raw.execute(USE, (charge.charge_id, "gra-1"))
    assert log.grant_used("gra-1") == Used(Cents(300), 1)


def test_the_last_cent_and_the_last_pod(log: SpendLog, raw: sqlite3.Connection) -> None:
    """What others used counts in the rule as well."""
    granted(log, "a", "b", "c")
    buy(log, "a", 200)
    charge = held(log, offer_of("b", 101, account="key-1"))
    assert "does not cover" in refused(raw, USE, charge.charge_id, "gra-1")


def test_an_unanswered_question_covers_nothing(log: SpendLog, raw: sqlite3.Connection) -> None:
    """Nobody said yes."""
    batched(log, "a")
    asked(log)
    charge = held(log, offer_of("a", 100))
    assert "does not cover" in refused(raw, USE, charge.charge_id, "gra-1")


def test_a_grant_whose_time_is_over_covers_nothing(log: SpendLog, raw: sqlite3.Connection) -> None:
    """The charge's own time counts."""
    granted(log, "a")
    charge = held(log, offer_of("a", 100), TERMS.until)
    assert "does not cover" in refused(raw, USE, charge.charge_id, "gra-1")
