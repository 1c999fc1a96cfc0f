"""The charge machine under any sequence of events: only the moves of the table happen, and money never gets lost."""

import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.charge import (
    BORN,
    DOUBTED,
    FINAL,
    HELD,
    MOVES,
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
from tests.tools.spend_log.things import NOW, a_charge, in_state
from tools.spend_log.codec import to_text
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.money import real_amount

ORDER = "HOG-a1b2c3d4e5f6"
AMOUNTS = st.integers(0, 10_000_000).map(Cents)
EVENTS: st.SearchStrategy[ChargeEvent] = st.one_of(
    st.just(Submitted()),
    st.just(Released("nothing was sent")),
    AMOUNTS.map(lambda cents: Paid(cents, ORDER)),
    AMOUNTS.map(lambda cents: Mismatched(cents, ORDER, "more")),
    AMOUNTS.map(lambda cents: LinkShown(ORDER, cents)),
    st.just(OrderMoved()),
    st.just(LinkExpired()),
    st.just(Unknown("timeout")),
    st.just(DebitFound()),
    AMOUNTS.map(ProvenGone),
)


def walked(state: ChargeState, events: list[ChargeEvent]) -> list[ChargeState]:
    """The states a charge goes through; what the machine refuses leaves it where it is."""
    states = [state]
    for event in events:
        try:
            states.append(next_state(states[-1], event))
        except IllegalMove:
            continue
    return states


@given(st.sampled_from(sorted(BORN)), st.lists(EVENTS, max_size=30))
def test_only_the_moves_of_the_table_happen(born: ChargeState, events: list[ChargeEvent]) -> None:
    """Whatever comes in whatever order, each step is one of `MOVES`."""
    states = walked(born, events)
    assert set(pairwise(states)) <= MOVES


@given(st.sampled_from(sorted(FINAL)), st.lists(EVENTS, max_size=10))
def test_a_final_state_is_never_left(final: ChargeState, events: list[ChargeEvent]) -> None:
    """No event moves what is settled."""
    assert walked(final, events) == [final]


@given(st.sampled_from(sorted(BORN)), st.lists(EVENTS, max_size=30))
def test_money_counts_until_it_is_proven_that_it_need_not(born: ChargeState, events: list[ChargeEvent]) -> None:
    """Only `released` takes a charge out of the sums, and only from a state in which nothing may have been taken."""
    states = walked(born, events)
    counted = SPENT | HELD | DOUBTED
    for before, after in pairwise(states):
        if before in counted and after not in counted:
            assert after is ChargeState.RELEASED
            assert before not in SPENT
    assert all(states.count(state) == 1 for state in states)


@given(st.sampled_from(sorted(set(ChargeState) - FINAL)), EVENTS)
def test_an_event_leads_to_one_state_and_does_so_each_time(state: ChargeState, event: ChargeEvent) -> None:
    """The machine is a function: the same pair, the same answer, whatever was asked in between."""
    first, second = walked(state, [event]), walked(state, [event])
    assert first == second


@given(AMOUNTS, st.sampled_from(sorted(set(ChargeState) - FINAL)), EVENTS)
def test_what_counts_is_what_was_reserved_until_the_provider_names_a_figure(
    amount: Cents, state: ChargeState, event: ChargeEvent
) -> None:
    """An unknown outcome counts whole; of a mismatch the larger figure does."""
    if next_or_none(state, event) is None:
        return
    counted = real_amount(a_charge(state, "run-1", amount), event)
    match event:
        case Paid() | LinkShown() | ProvenGone():
            assert counted == event.amount
        case Mismatched():
            assert counted == max(amount, event.amount)
        case _:
            assert counted == amount


def next_or_none(state: ChargeState, event: ChargeEvent) -> ChargeState | None:
    try:
        return next_state(state, event)
    except IllegalMove:
        return None


@pytest.mark.parametrize("old", sorted(ChargeState))
def test_the_stores_rules_agree_with_the_machine(tmp_path: Path, old: ChargeState) -> None:
    """To every other state: a bare UPDATE passes the store's triggers exactly where the table has a way."""
    log = SqliteSpendLog.open(tmp_path / "spend.db")
    charge = in_state(log, old)
    passed = {new for new in ChargeState if new is not old and lets_pass(log, charge.charge_id, new)}
    log.close()
    assert passed == {new for before, new in MOVES if before is old}


def lets_pass(log: SqliteSpendLog, charge_id: str, new: ChargeState) -> bool:
    """Whether the store lets a charge be written into a state; it is taken back all the same."""
    settled_at = to_text(NOW) if new in FINAL else None
    log._db.execute("BEGIN IMMEDIATE")
    try:
        change = "UPDATE charges SET state = ?, settled_at = ? WHERE charge_id = ?"
        log._db.execute(change, [new.value, settled_at, charge_id])
    except sqlite3.IntegrityError:
        return False
    finally:
        log._db.execute("ROLLBACK")
    return True
