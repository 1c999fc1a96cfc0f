from itertools import product

import pytest

from policies.charge import (
    BORN,
    DOUBTED,
    FINAL,
    HELD,
    SPENT,
    ChargeEvent,
    ChargeState,
    DebitFound,
    IllegalMove,
    LinkExpired,
    LinkShown,
    Mismatched,
    OrderMoved,
    Paid,
    ProvenGone,
    Released,
    Submitted,
    Unknown,
    next_state,
)
from policies.money import Cents

EVENTS: dict[str, ChargeEvent] = {
    "submitted": Submitted(),
    "released": Released("nothing was sent"),
    "paid": Paid(Cents(98), "HOG-1"),
    "mismatched": Mismatched(Cents(99), "HOG-1", "one cent more"),
    "link shown": LinkShown("HOG-1", Cents(98)),
    "order moved": OrderMoved(),
    "link expired": LinkExpired(),
    "unknown": Unknown("timeout"),
    "debit found": DebitFound(),
    "proven gone": ProvenGone(Cents(10)),
}

LEGAL = {
    ("held", "submitted"): "submitting",
    ("held", "released"): "released",
    ("submitting", "paid"): "paid",
    ("submitting", "mismatched"): "mismatch",
    ("submitting", "link shown"): "awaiting_payment",
    ("submitting", "released"): "released",
    ("submitting", "unknown"): "in_doubt",
    ("awaiting_payment", "order moved"): "paid",
    ("awaiting_payment", "link expired"): "expired",
    ("expired", "order moved"): "paid",
    ("expired", "released"): "released",
    ("in_doubt", "released"): "released",
    ("in_doubt", "debit found"): "orphaned",
    ("in_doubt", "paid"): "paid",
    ("accruing", "proven gone"): "paid",
}
"""The table of MONEY.md, written out again by hand; `in_doubt` to `paid` is `settle CHARGE --order ID`."""


def test_every_kind_of_event_is_tried() -> None:
    """A new event without a row in these tests fails here."""
    assert {type(event) for event in EVENTS.values()} == set(ChargeEvent.__args__)


@pytest.mark.parametrize(("state", "event"), list(product(ChargeState, EVENTS)))
def test_a_charge_moves_as_the_table_says_and_no_other_way(state: ChargeState, event: str) -> None:
    """Every state with every event: the table's target, or IllegalMove that names both."""
    target = LEGAL.get((state.value, event))
    if target is None:
        with pytest.raises(IllegalMove, match=f"{state}.*{type(EVENTS[event]).__name__}"):
            next_state(state, EVENTS[event])
    else:
        assert next_state(state, EVENTS[event]) == target


def test_final_states_have_no_way_out() -> None:
    """What is settled stays settled: exactly the states that nothing leaves."""
    assert {str(state) for state in FINAL} == {"paid", "mismatch", "orphaned", "released", "refund", "topup"}
    assert {state for state in ChargeState if not any(source == state for source, _ in LEGAL)} == FINAL


def test_every_state_is_born_or_reached() -> None:
    """No state exists that a charge can't get into."""
    assert {str(state) for state in BORN} | set(LEGAL.values()) == {str(state) for state in ChargeState}
    assert {str(state) for state in BORN} == {"held", "accruing", "orphaned", "refund", "topup"}


def test_each_state_counts_in_one_place() -> None:
    """Spent, held and in doubt share no state; only what was freed or came back counts nowhere."""
    counted = [*SPENT, *HELD, *DOUBTED]
    assert len(counted) == len(set(counted))
    assert {str(state) for state in set(ChargeState) - set(counted)} == {"released", "refund", "topup"}
    assert {str(state) for state in SPENT} == {"paid", "mismatch", "orphaned", "accruing"}
    assert {str(state) for state in HELD} == {"held", "awaiting_payment", "expired"}
