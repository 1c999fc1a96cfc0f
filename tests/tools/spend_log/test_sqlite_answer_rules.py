"""What a SQL prompt can't do to wishes and to grants of a run: the rules are in the file, not in our code."""

import sqlite3
from typing import Any

import pytest

from policies.money import Cents
from policies.wish import Wish
from tests.tools.spend_log.test_contract_approvals import ask
from tests.tools.spend_log.test_contract_run_grants import buy, granted
from tests.tools.spend_log.test_sqlite_rules import refused
from tests.tools.spend_log.things import CODE, NOW, an_offer, held, new_run
from tools.spend_log.codec import to_text
from tools.spend_log.port import SpendLog

USE = "INSERT INTO run_grant_uses (charge_id, grant_id) VALUES (?, 'gra-1')"


@pytest.mark.parametrize("table", ["wishes", "run_grants", "run_grant_uses"])
def test_no_row_is_deleted_changed_or_replaced(log: SpendLog, raw: sqlite3.Connection, table: str) -> None:
    """Of none of the tables; a row with the same key does not take its place."""
    granted(log)
    buy(log)
    ask(log, an_offer("run-2"))
    log.instead("run-2", CODE, Cents(147), Wish(None, 2), "me", NOW)
    before = raw.execute(f"SELECT * FROM {table}").fetchall()
    assert before
    refused(raw, f"DELETE FROM {table}")
    refused(raw, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    for column in (row[1] for row in raw.execute(f"PRAGMA table_info({table})").fetchall()):
        if not column.startswith("revoked"):
            refused(raw, f"UPDATE {table} SET {column} = {column} || '1'")
    assert raw.execute(f"SELECT * FROM {table}").fetchall() == before


def test_a_wish_needs_the_question_put_aside(log: SpendLog, raw: sqlite3.Connection) -> None:
    """A run that nobody was asked about, or that stands asked, has none."""
    ask(log)
    wish = "INSERT INTO wishes (run_id, attempt, hours, wished_by, wished_at) VALUES ('run-1', 1, 2, '', ?)"
    assert "takes the place of an answer" in refused(raw, wish, to_text(NOW))


@pytest.mark.parametrize(
    ("run_id", "changes"),
    [
        ("run-1", {"amount": 301}),
        ("run-1", {"account": "key-2"}),
        ("run-1", {"base_url": "https://example.com/api"}),
        ("run-2", {}),
        ("other-job", {}),
    ],
)
def test_a_use_must_be_covered(log: SpendLog, raw: sqlite3.Connection, run_id: str, changes: dict[str, Any]) -> None:
    """Amount, payer, provider, run and job, as in our own code."""
    granted(log)
    if run_id == "other-job":
        log.add_run(new_run(run_id, job_sha256="b" * 64))
    attempt = 2 if run_id == "run-1" else 1
    charge = held(log, an_offer(run_id, **({"amount": 100, "attempt": attempt} | changes)))
    assert "does not cover" in refused(raw, USE, charge.charge_id)


def test_a_covered_charge_may_be_written(log: SpendLog, raw: sqlite3.Connection) -> None:
    """What the rule refuses above is not everything."""
    granted(log)
    charge = held(log, an_offer(amount=100, attempt=2))
    raw.execute(USE, [charge.charge_id])
    assert log.run_grant_used("gra-1").amount == 100


def test_a_grant_that_was_taken_back_stays_so(log: SpendLog, raw: sqlite3.Connection) -> None:
    """And pays for nothing by SQL either, nor does the yes that it was."""
    granted(log)
    log.revoke_run_grant("gra-1", "me", NOW)
    refused(raw, "UPDATE run_grants SET revoked_at = NULL")
    log.end_attempt("run-1", 1, "sold out", NOW)
    charge = held(log, an_offer(amount=100, attempt=2))
    assert "does not cover" in refused(raw, USE, charge.charge_id)


def test_what_was_granted_is_not_paid_beside_it(log: SpendLog, raw: sqlite3.Connection) -> None:
    """The yes to the offer buys only under the grant."""
    granted(log)
    raw.execute(
        "INSERT INTO charges (charge_id, run_id, attempt, kind, rail, gpu_id, hours, amount, state, account, base_url,"
        " auto, created_at) VALUES ('c', 'run-1', 1, 'rent', 'credits', 'x', 3, 147, 'held', 'key-1', 'x', 0, ?)",
        [to_text(NOW)],
    )
    assert "under its grant" in refused(raw, "UPDATE approvals SET charge_id = 'c' WHERE approval_id = 'run-1/1'")
