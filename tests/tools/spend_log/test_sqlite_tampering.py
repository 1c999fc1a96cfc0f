"""History and approvals against a SQL prompt: what it can't do, and what shows when somebody drops the rules first."""

import sqlite3

import pytest

from policies.charge import ChargeState
from tests.tools.spend_log.things import (
    NOW,
    ORDER,
    WIDE,
    a_charge,
    an_offer,
    an_order,
    approved,
    held,
    in_state,
    offered,
    submitted,
)
from tools.spend_log.codec import encode, to_text
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge, RunStatus

AT = to_text(NOW)


def refused(raw: sqlite3.Connection, sql: str, *args: object) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(sql, args)


def write(raw: sqlite3.Connection, charge: Charge) -> None:
    row = encode(charge)
    raw.execute(f"INSERT INTO charges ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})", row)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE events SET body = '{}'",
        "UPDATE events SET kind = kind",
        "DELETE FROM events",
        "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE seq = 1",
        "INSERT INTO events SELECT seq + 100, at, run_id, charge_id, kind, body, hash, hash FROM events WHERE seq = 1",
        "INSERT INTO events SELECT seq + 1, at, run_id, charge_id, kind, body, hash, hash FROM events WHERE seq = 1",
    ],
)
def test_history_is_append_only_by_sql(log: SpendLog, raw: sqlite3.Connection, sql: str) -> None:
    """No event changes, vanishes, or is put anywhere but at the end of the chain."""
    in_state(log, ChargeState.PAID)
    events = log.events()
    refused(raw, sql)
    assert log.events() == events


def test_answers_are_fixed_by_sql(log: SpendLog, raw: sqlite3.Connection) -> None:
    """A raw answer is evidence."""
    charge = submitted(log, an_offer())
    log.keep_answer(charge.charge_id, 200, b"{}", NOW)
    refused(raw, "UPDATE answers SET body = x'00'")
    refused(raw, "DELETE FROM answers")


@pytest.mark.parametrize(
    "change",
    [
        "charge_id = NULL",
        "charge_id = 'other'",
        "decision = 'denied'",
        "decided_by = 'x'",
        "expires_at = '2099-01-01'",
        "wrong_tries = 0",
    ],
)
def test_a_used_approval_never_changes(log: SpendLog, raw: sqlite3.Connection, change: str) -> None:
    """It can't be freed for another purchase."""
    offer = an_offer()
    log.reserve("c", offer, WIDE, NOW, approved(log, offer))
    refused(raw, f"UPDATE approvals SET {change}")
    refused(raw, "DELETE FROM approvals")


@pytest.mark.parametrize(
    "change",
    [
        "offer = '{}'",
        "code = 'x'",
        "expires_at = '2099-01-01'",
        "attempt = 2",
        "run_id = 'x'",
        "decision = 'approved', charge_id = 'charge-other'",
    ],
)
def test_an_open_question_can_not_be_bent(log: SpendLog, raw: sqlite3.Connection, change: str) -> None:
    """Not to another offer, a later end, or another run's charge."""
    held(log, an_offer("other"))
    log.ask(offered(log, an_offer(account="k")), "CODE", NOW, NOW.replace(hour=13))
    refused(raw, f"UPDATE approvals SET {change}")


def test_a_decision_is_made_once_by_sql(log: SpendLog, raw: sqlite3.Connection) -> None:
    """A no does not become a yes, nor a yes a question again."""
    approved(log, an_offer())
    refused(raw, "UPDATE approvals SET decision = 'denied'")
    refused(raw, "UPDATE approvals SET decision = NULL")
    raw.execute("UPDATE approvals SET decision = 'superseded'")
    refused(raw, "UPDATE approvals SET decision = 'approved'")


def test_an_expired_approval_pays_for_nothing_by_sql(log: SpendLog, raw: sqlite3.Connection) -> None:
    """Even for its own run and attempt, a charge made after its end can't consume it."""
    approved(log, an_offer())
    write(raw, a_charge(ChargeState.HELD, "run-1", kind="rent", created_at=NOW.replace(hour=13)))
    refused(raw, "UPDATE approvals SET charge_id = 'charge-run-1'")


def test_an_approval_is_born_as_a_question(log: SpendLog, raw: sqlite3.Connection) -> None:
    """A ready-made yes can't be inserted, nor a second question for one attempt."""
    approved(log, an_offer())
    copy = (
        "INSERT OR REPLACE INTO approvals SELECT {id}, run_id, attempt, offer, code, created_at, expires_at,"
        " 0, {yes}, '', NULL, NULL FROM approvals"
    )
    refused(raw, copy.format(id="'x'", yes="NULL"))
    refused(raw, copy.format(id="approval_id", yes="NULL"))
    refused(raw, copy.format(id="'x'", yes="'approved'"))


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM runs",
        "UPDATE runs SET ceiling = 100000",
        "UPDATE runs SET job_json = '{}'",
        "UPDATE runs SET status = 'active', ended_at = NULL",
        "DELETE FROM attempts",
        "UPDATE attempts SET offer = '{}'",
        "DELETE FROM orders",
        "UPDATE orders SET order_id = 'x'",
        "UPDATE orders SET host_key = 'x'",
        "UPDATE orders SET first_status = 'x'",
    ],
)
def test_runs_attempts_and_orders_keep_what_they_are(log: SpendLog, raw: sqlite3.Connection, sql: str) -> None:
    """A ceiling can't be raised, an ended run woken, an offer rewritten, an order forgotten or its key swapped."""
    offered(log, an_offer())
    log.add_order(an_order(host_key="k"))
    log.set_status("run-1", RunStatus.FAILED, NOW, reason="", code=1)
    refused(raw, sql)


def tamper(raw: sqlite3.Connection, trigger: str, sql: str) -> None:
    raw.execute(f"DROP TRIGGER {trigger}")
    assert raw.execute(sql).rowcount > 0


@pytest.mark.parametrize("column", ["at", "run_id", "charge_id", "kind", "body"])
def test_a_changed_event_is_found(log: SpendLog, raw: sqlite3.Connection, column: str) -> None:
    """Whoever drops the trigger and changes history leaves a trace, whichever column it was."""
    in_state(log, ChargeState.PAID)
    value = '{"x": 1}' if column == "body" else "2026-01-01T00:00:00.000000+00:00"
    tamper(raw, "events_fixed", f"UPDATE events SET {column} = '{value}' WHERE seq = 3")
    assert log.broken_chain() == "event 3 was changed"


@pytest.mark.parametrize(
    ("trigger", "sql", "found"),
    [
        ("events_kept", "DELETE FROM events WHERE seq = 2", "event 2 is missing"),
        ("events_kept", "DELETE FROM events WHERE seq = 1", "event 1 is missing"),
        ("events_fixed", "UPDATE events SET prev_hash = hash WHERE seq = 4", "event 4 does not follow event 3"),
        ("events_fixed", "UPDATE events SET hash = prev_hash WHERE seq = 4", "event 4 was changed"),
    ],
)
def test_a_broken_chain_is_found(log: SpendLog, raw: sqlite3.Connection, trigger: str, sql: str, found: str) -> None:
    """A missing, moved or rehashed event is named."""
    in_state(log, ChargeState.PAID)
    tamper(raw, trigger, sql)
    assert log.broken_chain() == found


def test_a_history_cut_short_is_found(log: SpendLog, raw: sqlite3.Connection) -> None:
    """The end of the chain is witnessed in orders.jsonl: dropping the last events, or an old backup, shows."""
    in_state(log, ChargeState.PAID)
    assert log.broken_chain() is None
    last = log.events()[-1].seq
    tamper(raw, "events_kept", f"DELETE FROM events WHERE seq = {last}")
    assert f"events after {last - 1} are missing" in (log.broken_chain() or "")


def test_the_sums_are_those_of_the_rows(log: SpendLog, raw: sqlite3.Connection) -> None:
    """The running totals say what adding up all charges says, whatever road each took."""
    for number, state in enumerate(ChargeState):
        in_state(log, state, f"run-{number}", amount=3**number)
        log.unfreeze(NOW)
    (settled,) = raw.execute(
        "SELECT sum(amount) FROM charges WHERE state IN ('paid', 'mismatch', 'orphaned')"
    ).fetchone()
    sums = dict(raw.execute("SELECT span, sum(cents) FROM totals GROUP BY span"))
    assert {sums["day"], sums["month"], sums["run"], sums["all"]} == {settled}
    (auto,) = raw.execute(
        "SELECT sum(amount) FROM charges WHERE auto AND rail = 'credits' AND state IN ('paid', 'mismatch', 'orphaned')"
    ).fetchone()
    assert sums["auto_day"] == auto


def test_no_one_but_the_test_knows_this_order(log: SpendLog, raw: sqlite3.Connection) -> None:
    """The tables a human browses show orders short; the orders table alone holds them whole."""
    in_state(log, ChargeState.PAID)
    (shown,) = raw.execute("SELECT order_id FROM charges_readable").fetchone()
    assert shown == "HOG-…0000"
    assert ORDER not in shown
