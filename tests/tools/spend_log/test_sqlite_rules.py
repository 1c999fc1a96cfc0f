"""What a SQL prompt can't do either: the rules are in the file, not in our code."""

import sqlite3

import pytest

from policies.charge import BORN, FINAL, MOVES, ChargeState
from tests.tools.spend_log.things import (
    NOW,
    a_charge,
    an_offer,
    held,
    in_state,
    new_run,
    spent,
    submitted,
)
from tools.spend_log.codec import encode, to_text
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge

AT = to_text(NOW)


def refused(raw: sqlite3.Connection, sql: str, *args: object) -> str:
    with pytest.raises(sqlite3.IntegrityError) as caught:
        raw.execute(sql, args)
    return str(caught.value)


def write(raw: sqlite3.Connection, charge: Charge, verb: str = "INSERT") -> None:
    row = encode(charge)
    raw.execute(f"{verb} INTO charges ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})", row)


@pytest.mark.parametrize("new", list(ChargeState))
@pytest.mark.parametrize("old", list(ChargeState))
def test_only_legal_moves_by_sql(log: SpendLog, raw: sqlite3.Connection, old: ChargeState, new: ChargeState) -> None:
    """For every pair of states: an UPDATE goes through when the table has the move (or nothing moves), else not."""
    charge = in_state(log, old)
    change = "UPDATE charges SET state = ?, settled_at = ? WHERE charge_id = ?"
    args = (new.value, AT if new in FINAL else None, charge.charge_id)
    if (old, new) in MOVES or (old is new and old not in FINAL):
        raw.execute(change, args)
        assert raw.execute("SELECT state FROM charges").fetchall() == [(new.value,)]
        return
    for verb in ("UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE", "UPDATE OR ROLLBACK"):
        refused(raw, change.replace("UPDATE", verb), *args)
    assert log.charge(charge.charge_id) == charge


@pytest.mark.parametrize("state", list(ChargeState))
def test_no_charge_is_deleted_by_sql(log: SpendLog, raw: sqlite3.Connection, state: ChargeState) -> None:
    """In no state; and none is replaced by another row under its id or row number."""
    charge = in_state(log, state)
    assert "never deleted" in refused(raw, "DELETE FROM charges")
    twin = a_charge(ChargeState.HELD, "run-1", charge_id=charge.charge_id)
    for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"):
        with pytest.raises(sqlite3.IntegrityError):
            write(raw, twin, verb)
    refused(
        raw,
        "INSERT OR REPLACE INTO charges SELECT seq, 'x', run_id, attempt, 'found', rail, gpu_id, hours, 0, 'topup',"
        " account, base_url, auto, '', NULL, NULL, 0, '', created_at, NULL, created_at FROM charges",
    )
    assert log.charges() == [charge]


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_final_charge_never_changes(log: SpendLog, raw: sqlite3.Connection, state: ChargeState) -> None:
    """No column of it, not even to the same value."""
    charge = in_state(log, state)
    for column in encode(charge):
        refused(raw, f"UPDATE charges SET {column} = {column}")
    assert log.charge(charge.charge_id) == charge


@pytest.mark.parametrize(
    "change",
    [
        "charge_id = 'x'",
        "run_id = NULL",
        "attempt = 2",
        "kind = 'storage'",
        "rail = 'stripe'",
        "gpu_id = 'H100'",
        "hours = 4",
        "account = 'x'",
        "base_url = 'x'",
        "auto = 0",
        "created_at = 'x'",
        "seq = 99",
        "amount = 1",
        "amount = 148",
        "late = 1",
        "submitted_at = '2026-03-15T12:00:00.000000+00:00'",
        "balance_before = 1",
        "total_spent_before = 1",
        "settled_at = '2026-03-15T12:00:00.000000+00:00'",
    ],
)
def test_what_a_charge_is_for_never_changes(log: SpendLog, raw: sqlite3.Connection, change: str) -> None:
    """Terms, amount, baseline and lateness only change where MONEY.md says."""
    charge = held(log, an_offer())
    refused(raw, f"UPDATE charges SET {change}")
    assert log.charge(charge.charge_id) == charge


@pytest.mark.parametrize("new", ["released", "submitting"])
def test_a_move_without_a_figure_keeps_the_amount(log: SpendLog, raw: sqlite3.Connection, new: str) -> None:
    """The amount changes only in moves where the provider names one."""
    held(log, an_offer())
    settled_at = AT if new == "released" else None
    refused(raw, "UPDATE charges SET state = ?, settled_at = ?, amount = 1", new, settled_at)


def test_the_order_of_a_charge_is_set_once(log: SpendLog, raw: sqlite3.Connection) -> None:
    """Another order can't be slipped under a payment."""
    in_state(log, ChargeState.AWAITING_PAYMENT)
    assert "order" in refused(raw, "UPDATE charges SET order_id = 'HOG-other'")
    assert "order" in refused(raw, "UPDATE charges SET order_id = ''")


@pytest.mark.parametrize("state", sorted(set(ChargeState) - BORN))
def test_no_charge_is_born_in_the_middle(log: SpendLog, raw: sqlite3.Connection, state: ChargeState) -> None:
    """A paid row that was never held can't be written."""
    log.add_run(new_run())
    with pytest.raises(sqlite3.IntegrityError, match="begin"):
        write(raw, a_charge(state, "run-1", settled_at=NOW if state in FINAL else None))


@pytest.mark.parametrize("state", sorted(BORN))
def test_settled_and_final_are_the_same(log: SpendLog, raw: sqlite3.Connection, state: ChargeState) -> None:
    """A final row has the time it settled, any other has none: the sums rest on it."""
    log.add_run(new_run())
    with pytest.raises(sqlite3.IntegrityError):
        write(raw, a_charge(state, "run-1", settled_at=None if state in FINAL else NOW))


def test_one_purchase_per_run_by_sql(log: SpendLog, raw: sqlite3.Connection) -> None:
    """A second held row is refused, and REPLACE does not push the first one out."""
    first = held(log, an_offer())
    for verb in ("INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"):
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            write(raw, a_charge(ChargeState.HELD, "run-1", charge_id="b", kind="start", attempt=2), verb)
    assert log.charges() == [first]


def test_one_flight_per_account_by_sql(log: SpendLog, raw: sqlite3.Connection) -> None:
    """Two submitting rows on one key are impossible, and REPLACE does not push the first one out."""
    flying = submitted(log, an_offer("a", account="k"))
    waiting = held(log, an_offer("b", account="k"))
    for verb in ("UPDATE", "UPDATE OR REPLACE"):
        refused(raw, f"{verb} charges SET state = 'submitting' WHERE charge_id = ?", waiting.charge_id)
    assert log.charges() == [flying, waiting]


def test_an_attempt_buys_once_by_sql(log: SpendLog, raw: sqlite3.Connection) -> None:
    """Not even after the first charge is final."""
    spent(log, "run-1", 147)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        write(raw, a_charge(ChargeState.HELD, "run-1", charge_id="b", kind="rent"), "INSERT OR REPLACE")


def test_a_run_keeps_its_home(log: SpendLog, raw: sqlite3.Connection) -> None:
    """No row is changed, deleted, or replaced by another one of the same run."""
    log.add_run(new_run(home="home-a"))
    refused(raw, "DELETE FROM run_homes")
    refused(raw, "UPDATE run_homes SET home = 'home-b'")
    for verb in ("INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"):
        refused(raw, f"{verb} INTO run_homes (run_id, home) VALUES ('run-1', 'home-b')")
    assert log.home_of("run-1") == "home-a"
