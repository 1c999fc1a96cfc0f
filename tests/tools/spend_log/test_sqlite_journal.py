"""orders.jsonl: written before the database, whole after a crash, enough to stop every machine."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.charge import LinkShown, Paid
from policies.money import Cents
from policies.offer import Rail
from tests.tools.spend_log.things import NOW, ORDER, an_offer, an_order, new_run, settled, submitted
from tools.errors import StoreUnusable
from tools.spend_log.journal import Journal, Line
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.port import SpendLog

LINE = Line("HOG-1", "run-1", "c", "2026-03-15T12:00:00.000000+00:00", "f" * 64)


@pytest.fixture
def journal(store: Path) -> Path:
    return store.with_name("orders.jsonl")


def records(journal: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in journal.read_text().splitlines()]


def test_every_order_has_a_line(log: SpendLog, journal: Path) -> None:
    """With its run, its charge, the time and the head of the history."""
    log.add_run(new_run())
    head = log.chain_head()
    log.add_order(an_order())
    assert records(journal) == [
        {"order_id": ORDER, "run_id": "run-1", "charge_id": "", "at": "2026-03-15T12:00:00.000000+00:00", "head": head}
    ]


def test_an_order_has_one_line(log: SpendLog, journal: Path) -> None:
    """However often it is added, by the answer and by the caller."""
    settled(log, an_offer(rail=Rail.STRIPE), LinkShown(ORDER, Cents(147)))
    log.add_order(an_order(charge_id="charge-run-1"))
    log.add_order(an_order(charge_id="charge-run-1"))
    assert [record["order_id"] for record in records(journal)] == [ORDER, ""]


def test_settling_witnesses_the_head(log: SpendLog, journal: Path) -> None:
    """The last line holds the head of the history as it then was."""
    settled(log, an_offer(), Paid(Cents(147), ORDER))
    assert records(journal)[-1]["head"] == log.chain_head()


class PowerCut(Exception):
    """The process ends here."""


def cut(*_: object) -> None:
    raise PowerCut


def test_the_line_is_written_before_the_database(
    log: SpendLog, journal: Path, monkeypatch: pytest.MonkeyPatch, reopen: Callable[[], SpendLog]
) -> None:
    """A crash before the commit loses the row and keeps the order id; the history still fits the witness."""
    log.add_run(new_run())
    monkeypatch.setattr("tools.spend_log.orders.insert", cut)
    with pytest.raises(PowerCut):
        log.add_order(an_order())
    assert [record["order_id"] for record in records(journal)] == [ORDER]
    again = reopen()
    assert again.order(ORDER) is None
    assert again.broken_chain() is None


def test_settling_too_keeps_the_order_first(log: SpendLog, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same holds for an order that only the settled answer names: charge and order are written together."""
    charge = submitted(log, an_offer())
    monkeypatch.setattr("tools.spend_log.orders.insert", cut)
    with pytest.raises(PowerCut):
        log.settle(charge.charge_id, Paid(Cents(147), ORDER), NOW)
    assert records(journal)[-1]["order_id"] == ORDER
    assert log.charge(charge.charge_id) == charge


def test_no_line_no_row(log: SpendLog, journal: Path) -> None:
    """When the file can't be written the order is not kept in the database alone: the caller hears of it."""
    log.add_run(new_run())
    journal.unlink()
    journal.mkdir()
    with pytest.raises(StoreUnusable, match=r"orders\.jsonl"):
        log.add_order(an_order())
    assert log.order(ORDER) is None


def test_a_line_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is on the disk, not in a cache, when append returns."""
    flushed: list[bytes] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        real(fd)
        flushed.append((tmp_path / "o.jsonl").read_bytes())

    monkeypatch.setattr("tools.spend_log.journal.os.fsync", fsync)
    monkeypatch.setattr("tools.spend_log.journal._FLUSH_DISK", None)
    Journal(tmp_path / "o.jsonl").append(LINE)
    assert flushed == [(tmp_path / "o.jsonl").read_bytes()]
    assert flushed[0].endswith(b"}\n")


@pytest.mark.parametrize("torn", ['{"order_id": "HOG-2", "ru', '{"order_id": "HOG-2"}', "[1]", "\ufffd", "null"])
def test_a_torn_line_is_passed_over(tmp_path: Path, torn: str) -> None:
    """What a power cut left of a line spoils neither the lines before it nor the next one."""
    journal = Journal(tmp_path / "o.jsonl")
    journal.append(LINE)
    with journal.path.open("a") as file:
        file.write(torn)
    assert journal.lines() == [(1, LINE)]
    journal.append(LINE)
    assert journal.lines() == [(1, LINE), (3, LINE)]


def test_a_torn_line_does_not_break_the_history(log: SpendLog, journal: Path) -> None:
    """The witness is judged by its whole lines."""
    settled(log, an_offer(), Paid(Cents(147), ORDER))
    with journal.open("a") as file:
        file.write('{"order_id": "", "head": "abc')
    assert log.broken_chain() is None


def test_no_file_no_lines(tmp_path: Path) -> None:
    """An absent file reads as empty."""
    assert Journal(tmp_path / "none.jsonl").lines() == []


def test_opening_makes_the_file(store: Path, journal: Path) -> None:
    """Its name is durable before the first order depends on it."""
    SqliteSpendLog.open(store).close()
    assert journal.read_bytes() == b""
