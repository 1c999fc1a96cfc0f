"""kill -9 at every point of a purchase: what the next process finds."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.answers import Answer
from policies.charge import ChargeState
from tests.tools.spend_log.racing import die_after, forking
from tests.tools.spend_log.stores import Store
from tests.tools.spend_log.things import NOW, ORDER, OTHER, an_offer, approved
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge


@pytest.fixture
def after_death_at(log: SpendLog, place: Store) -> Callable[..., SpendLog]:
    """Kill another process right after the steps named; the log as it is then."""
    approved(log, an_offer())

    def die(*steps: str) -> SpendLog:
        process = forking().Process(target=die_after, args=(place, steps))
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        return log

    return die


def the_charge(log: SpendLog) -> Charge:
    (charge,) = log.charges()
    return charge


def test_killed_after_reserving(after_death_at: Callable[..., SpendLog]) -> None:
    """The money is held, the approval used, the history whole: nothing is bought twice."""
    log = after_death_at("reserve")
    assert the_charge(log).state is ChargeState.HELD
    approval = log.approval("run-1")
    assert approval is not None
    assert approval.charge_id == "c"
    assert log.usage("run-1", NOW).day == 147
    assert log.broken_chain() is None


def test_killed_in_the_middle_of_a_transaction(after_death_at: Callable[..., SpendLog]) -> None:
    """Nothing of it is there, and it is in nobody's way."""
    log = after_death_at("half")
    run = log.run("run-1")
    assert run is not None
    assert run.step == ""
    assert log.frozen() is None
    log.enter_step("run-1", "pay", NOW)
    assert log.broken_chain() is None


def test_killed_after_the_intent(after_death_at: Callable[..., SpendLog]) -> None:
    """The intent is there with its baseline: the next process knows that something may have been sent."""
    charge = the_charge(after_death_at("reserve", "submit"))
    assert (charge.state, charge.total_spent_before) == (ChargeState.SUBMITTING, 653)


def test_killed_after_the_answer(after_death_at: Callable[..., SpendLog]) -> None:
    """The raw answer is there to be parsed again: its order is not lost."""
    log = after_death_at("reserve", "submit", "answer")
    assert log.kept_answer("c") == Answer(200, b'{"order_id": "HOG-a1b2c3d4e5f6"}')
    assert the_charge(log).state is ChargeState.SUBMITTING


def test_killed_after_keeping_the_order(after_death_at: Callable[..., SpendLog], store: Path) -> None:
    """The order is listed as open, and named in the file beside the database."""
    log = after_death_at("reserve", "submit", "answer", "order")
    assert [order.order_id for order in log.orders("run-1", open_only=True)] == [ORDER]
    assert ORDER in store.with_name("orders.jsonl").read_text()


def test_killed_after_settling(after_death_at: Callable[..., SpendLog]) -> None:
    """Paid, and its pod is listed even though nobody came to add the order."""
    log = after_death_at("reserve", "submit", "settle")
    assert the_charge(log).state is ChargeState.PAID
    assert [order.order_id for order in log.orders("run-1", open_only=True)] == [ORDER]
    assert log.broken_chain() is None


def test_a_killed_process_drives_no_more(after_death_at: Callable[..., SpendLog]) -> None:
    """Its lease is there, and is taken over by whoever proves it dead."""
    log = after_death_at("lease")
    assert log.take_lease("run-1", OTHER, NOW, 60, lambda _: True) is None
    assert log.take_lease("run-1", OTHER, NOW, 60, lambda _: False) is not None
