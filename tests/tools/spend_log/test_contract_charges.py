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
    NOW,
    ORDER,
    WIDE,
    an_offer,
    an_order,
    approved,
    held,
    in_state,
    new_run,
    offered,
    reserve,
    settled,
    submitted,
)
from tools.errors import IntentAlreadyOpen
from tools.spend_log.port import Frozen, NotApproved, SpendLog
from tools.spend_log.rows import Charge, Kind, RunStatus

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
        log.submit(charge.charge_id, NOW, BALANCE)


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


def test_a_run_has_one_purchase_at_a_time(log: SpendLog) -> None:
    """While a charge is not final there is no second one, with another offer or the same."""
    held(log, an_offer(), charge_id="first")
    with pytest.raises(IntentAlreadyOpen, match="first"):
        reserve(log, an_offer(attempt=2), charge_id="second")
    assert [charge.charge_id for charge in log.charges("run-1")] == ["first"]


def test_a_run_has_one_pod_at_a_time(log: SpendLog) -> None:
    """An order not proven gone keeps its run from buying; the whole order id is not in the message."""
    settled(log, an_offer(), Paid(Cents(147), ORDER))
    with pytest.raises(IntentAlreadyOpen) as caught:
        reserve(log, an_offer(attempt=2), charge_id="second")
    assert ORDER not in str(caught.value)
    log.see_order(ORDER, "terminated", NOW)
    assert isinstance(reserve(log, an_offer(attempt=3), charge_id="third"), Charge)


def test_an_offer_buys_once_ever(log: SpendLog) -> None:
    """An old checkpoint that replays a purchase whose pod is long gone buys nothing."""
    offer = an_offer()
    settled(log, offer, Paid(Cents(147), ORDER))
    log.see_order(ORDER, "terminated", NOW)
    replayed = log.reserve("again", offer, WIDE, NOW, None)
    assert isinstance(replayed, NotApproved)
    assert "charge-run-1" in replayed.reason


def test_a_superseded_offer_buys_nothing(log: SpendLog) -> None:
    """Only the run's current attempt can be bought, as it was written down."""
    first = offered(log, an_offer())
    assert isinstance(log.reserve("c", replace(first, amount=Cents(1)), WIDE, NOW, None), NotApproved)
    offered(log, an_offer(attempt=2))
    assert isinstance(log.reserve("c", first, WIDE, NOW, None), NotApproved)


@pytest.mark.parametrize("how", ["ended", "cancelled"])
def test_a_run_that_is_over_buys_nothing(log: SpendLog, how: str) -> None:
    """After the end, or once somebody asked to cancel, no money is reserved."""
    offer = offered(log, an_offer())
    if how == "ended":
        log.set_status("run-1", RunStatus.FAILED, NOW, reason="", code=1)
    else:
        log.request_cancel("run-1", NOW, "me")
    assert isinstance(log.reserve("c", offer, WIDE, NOW, None), NotApproved)


def test_a_charge_id_is_used_once(log: SpendLog) -> None:
    """Reserving under an id that was used raises, whatever became of that charge."""
    in_state(log, ChargeState.RELEASED)
    with pytest.raises(IntentAlreadyOpen):
        reserve(log, an_offer("other"), charge_id="charge-run-1")


def test_one_flight_per_account(log: SpendLog) -> None:
    """While one credits purchase is submitting on a key, none starts on it; on another key, or by checkout, it may."""
    submitted(log, an_offer("a", account="k"))
    waiting = held(log, an_offer("b", account="k"))
    with pytest.raises(IntentAlreadyOpen, match="charge-a"):
        log.submit(waiting.charge_id, NOW, BALANCE)
    assert log.charge(waiting.charge_id) == waiting
    assert submitted(log, an_offer("c", account="other")).state is ChargeState.SUBMITTING
    assert submitted(log, an_offer("d", account="k", rail=Rail.STRIPE)).state is ChargeState.SUBMITTING


def test_a_doubt_ends_its_flight_after_the_settle_window(log: SpendLog) -> None:
    """A purchase in doubt keeps its key for 300 seconds from when it was submitted, and not a second longer."""
    settled(log, an_offer("a", account="k"), Unknown("timeout"))
    waiting = held(log, an_offer("b", account="k"))
    with pytest.raises(IntentAlreadyOpen):
        log.submit(waiting.charge_id, NOW + timedelta(seconds=299), BALANCE)
    assert log.submit(waiting.charge_id, NOW + timedelta(seconds=300), BALANCE).state is ChargeState.SUBMITTING


def test_frozen_spending_reserves_nothing(log: SpendLog) -> None:
    """Not even what was approved."""
    offer = an_offer()
    approval = approved(log, offer)
    log.freeze("looks wrong", NOW)
    assert log.reserve("c", offer, WIDE, NOW, approval) == Frozen("looks wrong")
    log.unfreeze(NOW)
    assert isinstance(log.reserve("c", offer, WIDE, NOW, approval), Charge)


def test_frozen_spending_submits_nothing(log: SpendLog) -> None:
    """What was reserved before the freeze is not sent after it; cleaning up goes on."""
    charge = held(log, an_offer())
    log.freeze("looks wrong", NOW)
    with pytest.raises(IntentAlreadyOpen, match="looks wrong"):
        log.submit(charge.charge_id, NOW, BALANCE)
    assert log.settle(charge.charge_id, Released("frozen"), NOW).state is ChargeState.RELEASED


def test_the_first_reason_to_freeze_stands(log: SpendLog) -> None:
    """A second freeze does not hide the first one's reason; unfreezing lifts both."""
    assert log.frozen() is None
    log.freeze("first", NOW)
    log.freeze("second", NOW)
    assert log.frozen() == "first"
    log.unfreeze(NOW)
    assert log.frozen() is None


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
    settled(log, an_offer(), Paid(Cents(147), ORDER))
    (order,) = log.orders("run-1")
    assert order.paid_from == NOW


def test_an_order_of_another_run_settles_nothing(log: SpendLog) -> None:
    """One pod can't be the proof of two payments."""
    settled(log, an_offer("a", account="a"), Paid(Cents(147), ORDER))
    charge = submitted(log, an_offer("b", account="b"))
    with pytest.raises(ValueError, match="belongs to run a"):
        log.settle(charge.charge_id, Paid(Cents(147), ORDER), NOW)
    assert log.charge(charge.charge_id) == charge
