"""The audit on PostgreSQL, against somebody who takes the rules away; and with several machines on one store."""

import shutil
from collections.abc import Iterator

import psycopg
import pytest

from policies.charge import ChargeState
from tests.tools.spend_log.stores import OnServer
from tests.tools.spend_log.things import NOW, in_state
from tools.spend_log.journal import Journal, Line
from tools.spend_log.port import SpendLog

Raw = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def raw(place: OnServer, log: SpendLog) -> Iterator[Raw]:
    """A prompt at the log's database."""
    url = place.url.get_secret_value()
    with psycopg.connect(url, autocommit=True, options="-c search_path=swineherd") as connection:
        yield connection


def found(log: SpendLog) -> list[str]:
    return [str(finding) for finding in log.audit()]


def test_every_state_is_as_its_history_says(log: SpendLog) -> None:
    """Whatever road each charge took; and looking changes nothing."""
    for state in ChargeState:
        in_state(log, state, f"run-{state}")
        log.unfreeze(NOW)
    head = log.chain_head()
    assert found(log) == []
    assert found(log) == []
    assert log.chain_head() == head


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("DROP TRIGGER charges_final ON charges", "trigger charges_final: is missing from the database"),
        ("ALTER TABLE charges DISABLE TRIGGER charges_kept", "trigger charges_kept: was changed in the database"),
        ("DROP INDEX one_purchase_per_run", "index one_purchase_per_run: is missing from the database"),
        ("DROP VIEW spend_by_day", "view spend_by_day: is missing from the database"),
        ("ALTER TABLE charges ALTER amount DROP NOT NULL", "table charges: was changed in the database"),
        (
            "ALTER TABLE charges DROP CONSTRAINT charges_amount_check",
            "constraint charges charges_amount_check: is missing from the database",
        ),
        (
            "CREATE OR REPLACE FUNCTION charges_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
            "function charges_kept: was changed in the database",
        ),
    ],
)
def test_a_rule_taken_away_is_named(log: SpendLog, raw: Raw, sql: str, what: str) -> None:
    """Missing, switched off, or made harmless under the same name."""
    raw.execute(sql.encode())
    assert found(log) == [what]


def test_what_is_not_ours_is_nobodys_business(log: SpendLog, raw: Raw) -> None:
    """A view or a table of one's own beside them."""
    raw.execute("CREATE VIEW mine AS SELECT 1 AS one")
    raw.execute("CREATE TABLE notes (text text)")
    assert found(log) == []


def test_an_edited_charge_is_named(log: SpendLog, raw: Raw) -> None:
    """With the rules off for a moment: the history says otherwise, and the sums no longer fit."""
    in_state(log, ChargeState.PAID)
    with raw.transaction():
        raw.execute("SET LOCAL session_replication_role = replica")
        raw.execute("UPDATE charges SET amount = 1")
    told = found(log)
    assert "charge charge-run-1: the row says $0.01, the history (event 5) $1.47" in told
    assert "total all: says $1.47, the charges add up to $0.01" in told


def test_a_history_cut_short_is_found(log: SpendLog, raw: Raw) -> None:
    """Its end is witnessed on this machine: a failover to a standby that lagged behind shows too."""
    in_state(log, ChargeState.PAID)
    with raw.transaction():
        raw.execute("SET LOCAL session_replication_role = replica")
        raw.execute("DELETE FROM events WHERE seq > 4")
    assert any("orders.jsonl line" in one and "saw a later history" in one for one in found(log))


def test_another_machines_orders_are_not_missed_here(log: SpendLog, place: OnServer) -> None:
    """Each machine names those that it was told of in an `orders.jsonl` of its own."""
    in_state(log, ChargeState.PAID, "here")
    elsewhere = place.journal.parent.with_name("elsewhere")
    other = OnServer(place.url, elsewhere / "orders.jsonl").open()
    in_state(other, ChargeState.PAID, "there")
    assert found(other) == []
    assert found(log) == []
    assert [order.run_id for order in other.orders()] == ["here", "there"]
    other.close()
    shutil.rmtree(elsewhere)
    assert found(log) == []


def test_an_order_that_the_database_lost_is_named(log: SpendLog, place: OnServer) -> None:
    """By the machine that was told of it."""
    Journal(place.journal).append(Line("HOG-a1b2c3d4e5f6", "run-1", "c", "2026-03-15", "0" * 64))
    assert found(log) == ["order HOG-…e5f6: orders.jsonl line 1 names it, and the database does not have it"]
