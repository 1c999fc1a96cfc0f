"""The audit against somebody who takes the rules away and edits the file: each edit is found, and its row is named."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from policies.charge import ChargeState, Paid, ProvenGone, Unknown
from policies.money import Cents
from tests.tools.spend_log.things import (
    NOW,
    ORDER,
    a_charge,
    an_offer,
    an_order,
    in_state,
    new_run,
    order_of,
    settled,
    submitted,
)
from tools.errors import StoreUnusable
from tools.spend_log.journal import Journal, Line
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.port import SpendLog

Edit = Callable[[str], None]


def found(log: SpendLog) -> list[str]:
    return [str(finding) for finding in log.audit()]


@pytest.fixture
def edit(log: SpendLog, raw: sqlite3.Connection) -> Edit:
    """Change rows as somebody does who takes every rule away first, and puts them back afterwards."""
    rules = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()

    def do(sql: str) -> None:
        for name, _ in rules:
            raw.execute(f"DROP TRIGGER {name}")
        assert raw.execute(sql).rowcount > 0
        for _, statement in rules:
            raw.execute(statement)

    return do


def test_an_empty_log_is_whole(log: SpendLog) -> None:
    """Nothing to find where nothing happened."""
    assert found(log) == []


def test_every_state_is_as_its_history_says(log: SpendLog) -> None:
    """Whatever road each charge took, storage that grew and closed, orders and runs beside them."""
    for number, state in enumerate(ChargeState):
        in_state(log, state, f"run-{number}", amount=3**number)
        log.unfreeze(NOW)
    log.add_run(new_run("stored"))
    for amount in (5, 10, 10):
        log.accrue(a_charge(ChargeState.ACCRUING, "stored", amount))
    log.settle("charge-stored", ProvenGone(Cents(5)), NOW)
    log.add_order(an_order(run_id="run-1"))
    assert found(log) == []


@pytest.mark.parametrize(
    ("state", "sql", "problem"),
    [
        (ChargeState.PAID, "UPDATE charges SET amount = 1", "the row says $0.01, the history (event {seq}) $1.47"),
        (ChargeState.HELD, "UPDATE charges SET amount = 0", "the row says $0.00, the history (event {seq}) $1.47"),
        (
            ChargeState.PAID,
            "UPDATE charges SET state = 'mismatch'",
            "the row says mismatch, the history (event {seq}) paid",
        ),
        (
            ChargeState.IN_DOUBT,
            "UPDATE charges SET state = 'released', settled_at = created_at",
            "the row says released, the history (event {seq}) in_doubt",
        ),
        (ChargeState.PAID, "UPDATE charges SET settled_at = NULL", "it is paid, and its time of settling is not set"),
        (
            ChargeState.HELD,
            "UPDATE charges SET settled_at = created_at",
            "it is held, and its time of settling is 2026-03-15T12:00:00.000000+00:00",
        ),
    ],
)
def test_an_edited_charge_is_named(log: SpendLog, edit: Edit, state: ChargeState, sql: str, problem: str) -> None:
    """With what the row says, and which event says otherwise; the charges beside it are not accused."""
    in_state(log, ChargeState.RELEASED, "innocent")
    in_state(log, state, "edited")
    edit(f"{sql} WHERE charge_id = 'charge-edited'")
    seq = max(event.seq for event in log.events() if event.kind == "charge")
    assert f"charge charge-edited: {problem.format(seq=seq)}" in found(log)
    assert not any("innocent" in one for one in found(log))


def test_a_charge_without_a_history_is_named(log: SpendLog, edit: Edit) -> None:
    """A purchase written into the table alone."""
    in_state(log, ChargeState.PAID)
    columns = (
        "charge_id, run_id, attempt, kind, rail, gpu_id, hours, amount, state, account, base_url, auto,"
        " created_at, settled_at"
    )
    values = columns.replace("charge_id", "'forged'").replace("attempt", "7")
    edit(f"INSERT INTO charges ({columns}) SELECT {values} FROM charges")
    assert "charge forged: the row says paid, $1.47, and the history never heard of it" in found(log)


def test_a_deleted_charge_is_named(log: SpendLog, edit: Edit, raw: sqlite3.Connection) -> None:
    """Its events tell of it."""
    in_state(log, ChargeState.HELD)
    edit("DELETE FROM charges")
    assert "charge charge-run-1: event 3 tells of it, and its row is gone" in found(log)


@pytest.mark.parametrize(
    ("was", "now", "problem"),
    [
        ('"to": "submitting"', '"to": "expired"', "it went from held to expired (event 4), which is no legal move"),
        ('"to": "held"', '"to": "paid"', "it begins as paid (event 3), which no charge may"),
        ('"to": "submitting"', '"to": "bogus"', "it went from held to bogus (event 4), which is no legal move"),
    ],
)
def test_an_illegal_move_is_named(log: SpendLog, edit: Edit, was: str, now: str, problem: str) -> None:
    """Even where the row and the end of its history agree; the hash shows the edit too."""
    in_state(log, ChargeState.PAID)
    edit(f"UPDATE events SET body = replace(body, '{was}', '{now}') WHERE kind = 'charge' AND body LIKE '%{was}%'")
    told = found(log)
    assert f"charge charge-run-1: {problem}" in told
    assert any(one.startswith("history: event ") and one.endswith("was changed") for one in told)


def test_a_whole_forged_history_is_found_by_its_moves(log: SpendLog, raw: sqlite3.Connection) -> None:
    """An event appended with a right hash, for a move that no charge makes."""
    in_state(log, ChargeState.RELEASED)
    log.note("run-1", "charge", {"from": "released", "to": "held", "usd": "1.47"}, NOW, "charge-run-1")
    told = found(log)
    assert "charge charge-run-1: it went from released to held (event 6), which is no legal move" in told
    assert "charge charge-run-1: the row says released, the history (event 6) held" in told


def test_a_deleted_event_is_named(log: SpendLog, edit: Edit) -> None:
    """From the middle of the history."""
    in_state(log, ChargeState.PAID)
    edit("DELETE FROM events WHERE seq = 2")
    assert found(log) == ["history: event 2 is missing"]


def test_a_history_cut_short_is_found(log: SpendLog, edit: Edit) -> None:
    """Its end is witnessed beside the database; the charge is left without the event that paid it."""
    in_state(log, ChargeState.PAID)
    last = len(log.events())
    edit(f"DELETE FROM events WHERE seq >= {last - 1}")
    told = found(log)
    assert any(one.startswith(f"history: events after {last - 2} are missing: orders.jsonl line") for one in told)
    assert "charge charge-run-1: the row says paid, the history (event 4) submitting" in told


def test_an_older_copy_put_back_is_found(log: SpendLog, raw: sqlite3.Connection, store: Path) -> None:
    """The copy is whole in itself; what happened since is known beside it, with the pod nobody would end."""
    in_state(log, ChargeState.PAID, "before")
    copy = store.with_name("copy.db")
    with closing(sqlite3.connect(copy)) as target:
        raw.backup(target)
    in_state(log, ChargeState.PAID, "since")
    elsewhere = store.parent.parent / "restored"
    elsewhere.mkdir(mode=0o700)
    shutil.copy(copy, elsewhere / "spend.db")
    shutil.copy(store.with_name("orders.jsonl"), elsewhere / "orders.jsonl")
    with closing(SqliteSpendLog.open(elsewhere / "spend.db")) as restored:
        told = found(restored)
    assert any("saw a later history" in one for one in told)
    assert "order HOG-…0000: orders.jsonl line 3 names it, and the database does not have it" in told
    assert order_of("since") not in " ".join(told)


def test_an_order_missing_beside_the_database_is_named(log: SpendLog, store: Path) -> None:
    """`orders.jsonl` is the witness: without it nothing proves that the history is whole."""
    in_state(log, ChargeState.PAID)
    store.with_name("orders.jsonl").write_text("")
    assert found(log) == ["order HOG-…0000: the database has it (run run-1), and orders.jsonl does not name it"]


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("DROP TRIGGER charges_final", "trigger charges_final: is missing from the database"),
        ("DROP INDEX one_purchase_per_run", "index one_purchase_per_run: is missing from the database"),
        ("DROP VIEW spend_by_day", "view spend_by_day: is missing from the database"),
    ],
)
def test_a_rule_taken_away_is_named(log: SpendLog, raw: sqlite3.Connection, sql: str, what: str) -> None:
    """Before anybody has made use of it."""
    raw.execute(sql)
    assert found(log) == [what]


def test_a_rule_made_harmless_is_named(log: SpendLog, raw: sqlite3.Connection) -> None:
    """The same name with another content is another rule; a view of one's own is nobody's business."""
    raw.execute("DROP TRIGGER charges_kept")
    raw.execute("CREATE TRIGGER charges_kept BEFORE DELETE ON charges WHEN 0 BEGIN SELECT 1; END")
    raw.execute("CREATE VIEW mine AS SELECT 1")
    assert found(log) == ["trigger charges_kept: was changed in the database"]


@pytest.mark.parametrize("span", ["day", "month", "run", "all", "auto_day"])
def test_a_lowered_total_is_named(log: SpendLog, edit: Edit, span: str) -> None:
    """The caps are checked against the totals: lower ones would let more be spent."""
    in_state(log, ChargeState.PAID)
    edit(f"UPDATE totals SET cents = 0 WHERE span = '{span}'")
    (told,) = found(log)
    assert told.startswith(f"total {span}")
    assert told.endswith("says $0.00, the charges add up to $1.47")


def test_a_total_of_nothing_is_named(log: SpendLog, edit: Edit) -> None:
    """One that no charge stands behind."""
    edit("INSERT INTO totals (span, period, cents) VALUES ('day', '2026-03-15', 147)")
    assert found(log) == ["total day 2026-03-15: says $1.47, the charges add up to $0.00"]


class _PowerCut(BaseException):
    """The machine goes off."""


def test_a_crash_between_the_two_files_is_no_forgery(
    log: SpendLog, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is in `orders.jsonl` and the transaction is gone: the pod is named, the history is whole, and settling
    again puts all of it right.
    """
    submitted(log, an_offer())
    kept = Journal.append

    def cut(journal: Journal, line: Line) -> None:
        kept(journal, line)
        raise _PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "append", cut)
        with pytest.raises(_PowerCut):
            log.settle("charge-run-1", Paid(Cents(147), ORDER), NOW)
    assert found(log) == ["order HOG-…e5f6: orders.jsonl line 1 names it, and the database does not have it"]
    log.settle("charge-run-1", Paid(Cents(147), ORDER), NOW.replace(hour=13))
    assert found(log) == []
    assert log.broken_chain() is None


def test_damaged_pages_are_found_first(store: Path) -> None:
    """A file that still opens, and whose rows can't be trusted."""
    with closing(SqliteSpendLog.open(store)) as log:
        for number in range(30):
            in_state(log, ChargeState.PAID, f"run-{number}")
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'charges_of_run'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with store.open("r+b") as file:
        file.seek((root - 1) * size + size // 2)
        file.write(b"\xff" * (size // 2))
    with closing(SqliteSpendLog.open(store)) as log:
        try:
            told = found(log)
        except StoreUnusable as unusable:
            told = [f"the file: {unusable}"]
    assert told
    assert all(one.startswith("the file: ") for one in told)


def test_nothing_is_changed_by_looking(log: SpendLog, raw: sqlite3.Connection) -> None:
    """Not even the history grows."""
    settled(log, an_offer(), Unknown("timeout"))
    before = list(raw.iterdump())
    found(log)
    assert list(raw.iterdump()) == before


def test_a_log_that_can_not_be_written_is_unusable(log: SpendLog) -> None:
    """That is what an audit must find out first: nothing can be spent from it."""
    assert isinstance(log, SqliteSpendLog)
    log._db.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreUnusable, match="read-only"):
        log.audit()
