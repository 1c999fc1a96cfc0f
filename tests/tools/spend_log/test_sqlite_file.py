"""The file itself: made for its owner, migrated, refused with clear words when it can't be trusted."""

import os
import sqlite3
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from policies.charge import ChargeState
from policies.money import Cents
from tests.tools.spend_log.things import NOW, WIDE, an_offer, approved, held, in_state, new_run, offered, spent
from tools.errors import StoreUnusable
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.port import SpendLog
from tools.spend_log.schema import MIGRATIONS

RELEASED = (
    "5f76a0d1522543fd95da5c94ba0c970f7f1161be5a02c870e6ccb84479e28829",
    "084c99eda1776ebdbaeb847a42880d434120f3cbc1abc388504f679b0de300c6",
    "66e37f330e893be32309cb743ea56ccfcc10f5960dc27becb096dd23d907296a",
    "a95beb08e01da377d596a9463c2a5f9ef91ed0b72e9df6a8dcda54d90a32bcc1",
    "da9138812edd2ea6de1c25200d1814247ddd11ed18122b13a9ba563b2d60c83a",
    "07e9043100e8f1fd0d1427864e8417fba5d656a32882adea8e856e2670d4c711",
    "70ec85718cb575192e26a59df87cb0d4fc7980b3951b670220ec617730c656b3",
    "8db6e9f4399190d4d3452a8caec33a862678da02a806b911c67bb12464c091f3",
)
"""SHA-256 of each migration that files out there have had."""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_files_are_their_owners(log: SpendLog, store: Path) -> None:
    """0600 for the database, what SQLite keeps beside it, and orders.jsonl; 0700 for the folder; whatever the umask."""
    log.add_run(new_run())
    assert mode(store.parent) == 0o700
    assert {path.name: mode(path) for path in store.parent.iterdir()} == {
        "spend.db": 0o600,
        "spend.db-wal": 0o600,
        "spend.db-shm": 0o600,
        "orders.jsonl": 0o600,
    }


def test_a_loose_umask_changes_nothing(tmp_path: Path) -> None:
    """The modes are asked for, not hoped for."""
    before = os.umask(0)
    try:
        SqliteSpendLog.open(tmp_path / "home" / "spend.db").close()
    finally:
        os.umask(before)
    assert mode(tmp_path / "home") == 0o700
    assert mode(tmp_path / "home" / "spend.db") == 0o600


def test_a_folder_that_others_write_is_refused(tmp_path: Path) -> None:
    """They could put another file in place; the remedy is named, the folder left as it is."""
    tmp_path.chmod(0o770)
    with pytest.raises(StoreUnusable, match=f"chmod 700 {tmp_path}"):
        SqliteSpendLog.open(tmp_path / "spend.db")
    assert mode(tmp_path) == 0o770


def test_every_commit_is_on_the_disk(log: SpendLog) -> None:
    """WAL with full synchronisation, foreign keys, and patience for other processes."""
    assert isinstance(log, SqliteSpendLog)
    settings = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "busy_timeout")
    values = [log._db.execute(f"PRAGMA {name}").fetchone()[0] for name in settings]
    assert values == ["wal", 2, 1, 1, 15_000]


def test_every_table_is_strict(raw: sqlite3.Connection) -> None:
    """Text in a column of cents is refused by the file."""
    tables = raw.execute("SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    assert {name for name, strict in tables if not strict} == set()


def test_it_is_all_there_again(log: SpendLog, reopen: Callable[[], SpendLog]) -> None:
    """Another process sees what this one wrote, and the history fits."""
    charge = in_state(log, ChargeState.PAID)
    other = reopen()
    assert other.charge(charge.charge_id) == charge
    assert other.chain_head() == log.chain_head()


def test_a_newer_file_is_refused(log: SpendLog, raw: sqlite3.Connection, store: Path) -> None:
    """An older program must not write into a newer log; the message names the file and what to do."""
    raw.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreUnusable, match=rf"{store} .*newer swineherd \(schema 99.*upgrade swineherd"):
        SqliteSpendLog.open(store)


def test_a_released_migration_never_changes() -> None:
    """Files that had it would not get the change: a change of tables or rules is a new migration, added here."""
    digests = tuple(sha256("\n".join(statements).encode()).hexdigest() for statements in MIGRATIONS)
    assert digests == RELEASED


def test_another_programs_database_is_refused(store: Path) -> None:
    """Its tables are left alone."""
    store.parent.mkdir(mode=0o700)
    other = sqlite3.connect(store)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(StoreUnusable, match="another program's"):
        SqliteSpendLog.open(store)


@pytest.mark.parametrize("content", [b"this is not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_refused(store: Path, content: bytes) -> None:
    """Garbage in its place: the message names the file and a remedy, and the file is left as it is."""
    store.parent.mkdir(mode=0o700)
    store.write_bytes(content)
    with pytest.raises(StoreUnusable, match=str(store)) as caught:
        SqliteSpendLog.open(store)
    assert "move the file away" in str(caught.value) or "restore a backup" in str(caught.value)
    assert store.read_bytes() == content


def test_a_full_disk_reserves_nothing(log: SpendLog, store: Path) -> None:
    """The reservation, the used approval and the event are all there or none of them; the next one works again."""
    assert isinstance(log, SqliteSpendLog)
    offer = an_offer(gpu_id="x" * 50_000)
    approval = approved(log, offer)
    head = log.chain_head()
    pages = log._db.execute("PRAGMA page_count").fetchone()[0]
    log._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnusable, match=f"{store}: the disk is full"):
        log.reserve("c", offer, WIDE, NOW, approval)
    assert (log.charges(), log.chain_head()) == ([], head)
    standing = log.approval("run-1")
    assert standing is not None
    assert standing.charge_id == ""
    log._db.execute("PRAGMA max_page_count = 1000000")
    log.reserve("c", offer, WIDE, NOW, approval)
    assert len(log.charges()) == 1


def test_a_read_only_log_is_named(log: SpendLog, store: Path) -> None:
    """Nothing can be spent when nothing can be written."""
    assert isinstance(log, SqliteSpendLog)
    log._db.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreUnusable, match=f"{store}: it is read-only"):
        log.add_run(new_run())


def test_a_log_that_another_holds_is_named(log: SpendLog, raw: sqlite3.Connection, store: Path) -> None:
    """A process that hangs in a transaction keeps others waiting for a while, not for ever."""
    assert isinstance(log, SqliteSpendLog)
    log._db.execute("PRAGMA busy_timeout = 50")
    raw.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnusable, match="another process"):
        log.add_run(new_run())
    raw.execute("ROLLBACK")
    log.add_run(new_run())


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    """A path that can't be opened says so."""
    (tmp_path / "spend.db").mkdir()
    with pytest.raises(StoreUnusable, match=r"spend\.db"):
        SqliteSpendLog.open(tmp_path / "spend.db")


def test_a_store_below_a_file_is_named(tmp_path: Path) -> None:
    """So does a folder that can't be made."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnusable, match="SWINEHERD_HOME"):
        SqliteSpendLog.open(tmp_path / "file" / "spend.db")


def test_mistakes_of_ours_are_not_called_a_bad_disk(log: SpendLog, store: Path) -> None:
    """A closed log is a bug in the caller, not an unusable store."""
    other = SqliteSpendLog.open(store)
    other.close()
    with pytest.raises(sqlite3.ProgrammingError):
        other.runs()


def test_a_reservation_walks_no_table(log: SpendLog) -> None:
    """Every statement of it finds its rows by key, or walks an index that holds only what is not final."""
    assert isinstance(log, SqliteSpendLog)
    held(log, an_offer("other"))
    offer = an_offer(account="k")
    approval = approved(log, offer)
    seen: list[tuple[str, Any]] = []
    with log._db.tracer(lambda sql, args: seen.append((sql, args))):
        log.reserve("c", offer, WIDE, NOW, approval)
    reads = [(sql, args) for sql, args in seen if sql.lstrip().startswith("SELECT")]
    assert len(reads) > 8
    walks = set()
    for sql, args in reads:
        plan = log._db.conn.execute(f"EXPLAIN QUERY PLAN {sql}", args or ())
        walks |= {detail for *_, detail in plan if detail.startswith("SCAN")}
    assert {walk.rpartition(" ")[2] for walk in walks if walk != "SCAN events"} == {"charges_not_final", "orders_open"}


def test_tables_for_a_human(log: SpendLog, raw: sqlite3.Connection) -> None:
    """What was spent by day, GPU and job, in cents and dollars; nothing that was not spent."""
    spent(log, "a", 147)
    spent(log, "b", 5, NOW.replace(month=4))
    in_state(log, ChargeState.RELEASED, "c")
    in_state(log, ChargeState.HELD, "d")
    days = raw.execute("SELECT day, charges, cents, usd FROM spend_by_day").fetchall()
    assert days == [("2026-04-15", 1, 5, "0.05"), ("2026-03-15", 1, 147, "1.47")]
    gpus = raw.execute("SELECT gpu, charges, hours, cents, usd FROM spend_by_gpu").fetchall()
    assert gpus == [("NVIDIA GeForce RTX 4090", 2, 6, 152, "1.52")]
    jobs = raw.execute("SELECT job, runs, charges, cents, usd FROM spend_by_job").fetchall()
    assert jobs == [("finetune", 2, 2, 152, "1.52")]
    readable = raw.execute("SELECT run_id, usd, state, standing FROM charges_readable ORDER BY run_id").fetchall()
    assert readable == [
        ("a", "1.47", "paid", "spent"),
        ("b", "0.05", "paid", "spent"),
        ("c", "1.47", "released", "not spent"),
        ("d", "1.47", "held", "held"),
    ]


def test_an_offer_is_kept_exactly(log: SpendLog) -> None:
    """Prices keep their decimals, amounts their cents."""
    offer = offered(log, an_offer())
    (attempt,) = log.attempts("run-1")
    assert attempt.offer == offer
    assert str(attempt.offer.price_per_hour) == "0.49"
    assert attempt.offer.amount == Cents(147)
