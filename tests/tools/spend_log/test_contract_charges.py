"""A charge moves as MONEY.md's table says, and is never sent twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policies.answers import Answer
from policies.charge import (
    FINAL,
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
from policies.offer import Rail
from tests.tools.spend_log.things import (
    BALANCE,
    ME,
    NOW,
    ORDER,
    WIDE,
    an_offer,
    an_order,
    held,
    in_state,
    new_run,
    offered,
    settled,
    submitted,
)
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge, Kind

EVENTS: tuple[ChargeEvent, ...] = (
    Released("over"),
    Paid(Cents(100), "HOG-ffffffff0001"),
    Mismatched(Cents(200), "HOG-ffffffff0001", "another GPU"),
    LinkShown("HOG-ffffffff0001", Cents(100)),
    OrderMoved(),
    LinkExpired(),
    Unknown("timeout"),
    DebitFound(),
    ProvenGone(Cents(100)),
)


def legal(state: ChargeState, event: ChargeEvent) -> bool:
    try:
        next_state(state, event)
    except IllegalMove:
        return False
    return True


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("state", list(ChargeState))
def test_a_charge_moves_as_the_table_says(log: SpendLog, state: ChargeState, event: ChargeEvent) -> None:
    """Every legal event leads where the table says; every other raises and changes nothing at all."""
    charge = in_state(log, state)
    if charge.order_id and isinstance(event, Paid | Mismatched | LinkShown):
        event = replace(event, order_id=charge.order_id)
    if legal(state, event):
        after = log.settle(charge.charge_id, event, NOW)
        assert after.state is next_state(state, event)
        assert (after.settled_at is not None) is (after.state in FINAL)
        assert log.charge(charge.charge_id) == after
        return
    head = log.chain_head()
    with pytest.raises(IllegalMove):
        log.settle(charge.charge_id, event, NOW)
    assert (log.charge(charge.charge_id), log.chain_head()) == (charge, head)


def test_a_reservation_is_held_in_full(log: SpendLog) -> None:
    """What `reserve` returns is what the log keeps: the offer's terms, nothing sent, nothing settled."""
    offer = offered(log, an_offer())
    charge = log.reserve("c", offer, WIDE, NOW, None)
    assert charge == log.charge("c")
    assert charge == Charge(
        charge_id="c",
        run_id="run-1",
        attempt=1,
        kind=Kind.RENT,
        rail=Rail.CREDITS,
        gpu_id=offer.gpu_id,
        hours=3,
        amount=Cents(147),
        state=ChargeState.HELD,
        account="key-1",
        base_url=offer.base_url,
        auto=True,
        order_id="",
        balance_before=None,
        total_spent_before=None,
        late=False,
        note="",
        created_at=NOW,
        submitted_at=None,
        settled_at=None,
    )


def test_submitting_keeps_the_balance_before(log: SpendLog) -> None:
    """The baseline for reconciling is written with the intent."""
    charge = submitted(log, an_offer())
    assert (charge.state, charge.submitted_at) == (ChargeState.SUBMITTING, NOW)
    assert (charge.balance_before, charge.total_spent_before) == (BALANCE.balance, BALANCE.spent)


def test_nothing_is_submitted_twice(log: SpendLog) -> None:
    """The second of two senders is stopped by the log."""
    charge = submitted(log, an_offer())
    with pytest.raises(IllegalMove):
        log.submit(charge.charge_id, NOW, BALANCE, ME)


def test_only_submit_submits(log: SpendLog) -> None:
    """`settle` does not go around the single flight."""
    charge = held(log, an_offer())
    with pytest.raises(IllegalMove, match="submit"):
        log.settle(charge.charge_id, Submitted(), NOW)


def test_the_real_figure_is_booked(log: SpendLog) -> None:
    """Paid for less than reserved: the provider's amount and order are kept."""
    charge = settled(log, an_offer(amount=147), Paid(Cents(146), ORDER), NOW)
    assert (charge.amount, charge.order_id, charge.settled_at) == (146, ORDER, NOW)


@pytest.mark.parametrize(("named", "counted"), [(200, 200), (100, 147)])
def test_of_a_mismatch_the_larger_figure_counts_and_spending_freezes(log: SpendLog, named: int, counted: int) -> None:
    """Whatever the provider says it took, never less than was reserved is counted."""
    charge = settled(log, an_offer(amount=147), Mismatched(Cents(named), ORDER, "took another GPU"))
    assert (charge.amount, charge.note) == (counted, "took another GPU")
    assert "took another GPU" in (log.frozen() or "")


def test_a_late_payment_is_marked(log: SpendLog) -> None:
    """A link paid after it expired is late; one paid in time is not."""
    expired, in_time = in_state(log, ChargeState.EXPIRED, "a"), in_state(log, ChargeState.AWAITING_PAYMENT, "b")
    assert log.settle(expired.charge_id, OrderMoved(), NOW).late is True
    assert log.settle(in_time.charge_id, OrderMoved(), NOW).late is False


def test_notes_say_why(log: SpendLog) -> None:
    """The reason of the last event that had one stays readable."""
    charge = settled(log, an_offer(), Unknown("read timeout"))
    assert charge.note == "read timeout"
    assert log.settle(charge.charge_id, DebitFound(), NOW).note == "read timeout"


def test_raw_answers_are_kept(log: SpendLog) -> None:
    """Byte for byte, the last one first in hand, bounded at 64 KiB."""
    charge = submitted(log, an_offer())
    assert log.kept_answer(charge.charge_id) is None
    log.keep_answer(charge.charge_id, 500, b"\xff\x00 not json", NOW)
    assert log.kept_answer(charge.charge_id) == Answer(500, b"\xff\x00 not json")
    log.keep_answer(charge.charge_id, 200, b"x" * (64 * 1024 + 1), NOW)
    assert log.kept_answer(charge.charge_id) == Answer(200, b"x" * (64 * 1024))


def test_charges_by_run_and_state(log: SpendLog) -> None:
    """Oldest first; by run, by states, by both; no state named means none."""
    in_state(log, ChargeState.PAID, "a")
    in_state(log, ChargeState.HELD, "b")
    in_state(log, ChargeState.SUBMITTING, "c")

    def ids(run_id: str | None = None, states: list[ChargeState] | None = None) -> list[str]:
        return [charge.charge_id for charge in log.charges(run_id, states)]

    assert ids() == ["charge-a", "charge-b", "charge-c"]
    assert ids("b") == ["charge-b"]
    assert ids(states=[ChargeState.PAID, ChargeState.SUBMITTING]) == ["charge-a", "charge-c"]
    assert ids("a", [ChargeState.HELD]) == []
    assert ids(states=[]) == []


def test_unknown_charges_and_runs(log: SpendLog) -> None:
    """What is not there reads None, and can't be moved."""
    assert log.charge("nothing") is None
    with pytest.raises(LookupError):
        log.settle("nothing", Released(""), NOW)
    with pytest.raises(LookupError):
        log.reserve("c", an_offer("nobody"), WIDE, NOW, None)


def test_a_naive_time_is_refused(log: SpendLog) -> None:
    """A time without a zone would count in somebody's own midnight."""
    with pytest.raises(ValueError, match="zone"):
        log.add_run(new_run(created_at=NOW.replace(tzinfo=None)))
    assert log.run("run-1") is None


def test_an_order_named_in_an_answer_is_never_lost(log: SpendLog) -> None:
    """Settling alone already lists the pod, with hours counted from the intent; adding the order fills in the rest."""
    settled(log, an_offer(rail=Rail.STRIPE), LinkShown(ORDER, Cents(147)))
    (bare,) = log.orders("run-1", open_only=True)
    assert (bare.order_id, bare.charge_id, bare.hours, bare.paid_from) == (ORDER, "charge-run-1", 3, None)
    log.add_order(an_order(charge_id="charge-run-1", checkout_url="https://checkout.stripe.com/x", paid_from=None))
    order = log.order(ORDER)
    assert order is not None
    assert (order.status, order.first_status) == ("deploying", "deploying")
    assert order.checkout_url == "https://checkout.stripe.com/x"


def test_a_paid_order_counts_from_the_intent(log: SpendLog) -> None:
    """The earliest moment the payment could have happened is when the intent was committed."""
    charge = submitted(log, an_offer())
    log.settle(charge.charge_id, Paid(Cents(147), ORDER), NOW + timedelta(seconds=40))
    (order,) = log.orders("run-1")
    assert order.paid_from == NOW


def test_an_order_of_another_run_settles_nothing(log: SpendLog) -> None:
    """One pod can't be the proof of two payments."""
    settled(log, an_offer("a", account="a"), Paid(Cents(147), ORDER))
    charge = submitted(log, an_offer("b", account="b"))
    with pytest.raises(ValueError, match="belongs to run a"):
        log.settle(charge.charge_id, Paid(Cents(147), ORDER), NOW)
    assert log.charge(charge.charge_id) == charge
