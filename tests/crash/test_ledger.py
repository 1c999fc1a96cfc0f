"""The comparison itself: whatever the sweep looks for, it finds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.money import Cents
from tests.crash.ledger import Ending, problems
from tests.tools.spend_log.things import NOW, an_order
from tools.spend_log.rows import OrderRow, RunStatus, Totals

PRICE = 20


def known(number: int, **changes: Any) -> OrderRow:
    """An order as the spend log has it, gone a minute after it was made."""
    created = NOW + timedelta(minutes=5 * number)
    gone = created + timedelta(minutes=1)
    row = an_order(f"HOG-{number}", attempt=number, created_at=created, gone_at=gone)
    return replace(row, **changes)


def debit(number: int) -> dict[str, Any]:
    """What the provider took for an order."""
    return {"order_id": f"HOG-{number}", "kind": "rent", "cents": PRICE}


def order(number: int, status: str = "terminated") -> dict[str, Any]:
    """An order in the provider's books."""
    return {"order_id": f"HOG-{number}", "status": status}


ONE_POD = Ending(
    orders=[order(1)],
    debits=[debit(1)],
    status=RunStatus.SUCCEEDED,
    reason="",
    known=[known(1)],
    booked={"HOG-1": PRICE},
    totals=Totals(Cents(PRICE), Cents(0), Cents(0)),
    broken=None,
    code=0,
    codes=frozenset({0}),
    unanswered=False,
    starts=1,
    ends=1,
    lost=[],
    kept=False,
)
TWO_PODS = replace(
    ONE_POD,
    orders=[order(1), order(2)],
    debits=[debit(1), debit(2)],
    known=[known(1), known(2)],
    booked={"HOG-1": PRICE, "HOG-2": PRICE},
    totals=Totals(Cents(2 * PRICE), Cents(0), Cents(0)),
    starts=2,
)
NEVER_ANSWERED = replace(
    ONE_POD,
    orders=[order(1, "running")],
    known=[],
    booked={},
    status=RunStatus.IN_DOUBT,
    totals=Totals(Cents(0), Cents(0), Cents(PRICE)),
    code=7,
    codes=frozenset({0, 7}),
    unanswered=True,
    starts=0,
    ends=0,
)


@pytest.mark.parametrize("ending", [ONE_POD, TWO_PODS, NEVER_ANSWERED], ids=["one pod", "two pods", "never answered"])
def test_what_holds_is_no_problem(ending: Ending) -> None:
    """One pod, two pods one after the other, and a purchase whose answer was lost and that counts as spent."""
    assert list(problems(ending)) == []


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (replace(ONE_POD, debits=[debit(1), debit(1)]), "paid twice: HOG-1"),
        (replace(TWO_PODS, known=[known(1), known(2, attempt=1)]), "paid twice: attempt 1"),
        (replace(NEVER_ANSWERED, debits=[debit(1), debit(2)], known=[known(2)]), "paid twice: another one after HOG-1"),
        (replace(ONE_POD, orders=[order(1, "running")]), "left running: HOG-1"),
        (replace(ONE_POD, orders=[order(1, "stopped")]), "left running: HOG-1"),
        (replace(ONE_POD, lost=["log.txt"]), "not at home: log.txt"),
        (replace(ONE_POD, totals=Totals(Cents(19), Cents(0), Cents(0))), "the market took $0.01 more"),
        (replace(NEVER_ANSWERED, unanswered=False), "every answer was stored"),
        (replace(NEVER_ANSWERED, code=0), "an order that nobody knows, and the exit code is 0"),
        (replace(ONE_POD, booked={"HOG-1": PRICE - 1}), "HOG-1 is booked with 19 cents"),
        (replace(TWO_PODS, known=[known(1, gone_at=None), known(2)]), "while HOG-1 was not proven gone"),
        (replace(TWO_PODS, known=[known(1, gone_at=NOW + timedelta(hours=1)), known(2)]), "was not proven gone"),
        (replace(ONE_POD, code=5), "exit code 5, not [0]"),
        (replace(ONE_POD, broken="event 3 was changed"), "the history is broken"),
        (replace(ONE_POD, status=RunStatus.ACTIVE), "the run has not ended: active"),
        (replace(ONE_POD, starts=2), "the job began 2 times on 1 pods"),
    ],
)
def test_what_does_not_hold_is_found(ending: Ending, words: str) -> None:
    """Each of the things that must not happen, alone, is told."""
    assert [found for found in problems(ending) if words in found] != []


def test_a_kept_pod_may_be_stopped_and_not_more() -> None:
    """Where the outputs can't be fetched the pod is stopped; one that runs on is left running all the same."""
    stopped = replace(ONE_POD, orders=[order(1, "stopped")], kept=True)
    assert list(problems(stopped)) == []
    assert list(problems(replace(stopped, orders=[order(1, "running")]))) == ["left running: HOG-1"]
