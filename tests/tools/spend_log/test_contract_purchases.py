"""A purchase is made once: one at a time for a run and for a key, none of an old offer, none while frozen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policies.charge import (
    ChargeState,
    DebitFound,
    Paid,
    Released,
    Unknown,
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
    approved,
    held,
    in_state,
    offered,
    reserve,
    settled,
    submitted,
)
from tools.errors import IntentAlreadyOpen, NotWanted
from tools.spend_log.port import Frozen, NotApproved, SpendLog
from tools.spend_log.rows import Charge, RunStatus


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


@pytest.mark.parametrize("how", ["cancelled", "ended"])
def test_what_was_reserved_is_not_sent_for_a_run_that_is_over(log: SpendLog, how: str) -> None:
    """It may have waited for its turn: a cancel in between is heard where the intent is committed."""
    charge = held(log, an_offer())
    if how == "cancelled":
        log.request_cancel("run-1", NOW, "me")
    else:
        log.set_status("run-1", RunStatus.FAILED, NOW, reason="", code=5)
    with pytest.raises(
        NotWanted, match="the run is being cancelled" if how == "cancelled" else "the run ended as failed"
    ):
        log.submit(charge.charge_id, NOW, BALANCE, ME)
    assert log.settle(charge.charge_id, Released("cancelled"), NOW).state is ChargeState.RELEASED


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
        log.submit(waiting.charge_id, NOW, BALANCE, ME)
    assert log.charge(waiting.charge_id) == waiting
    assert submitted(log, an_offer("c", account="other")).state is ChargeState.SUBMITTING
    assert submitted(log, an_offer("d", account="k", rail=Rail.STRIPE)).state is ChargeState.SUBMITTING


def test_a_doubt_ends_its_flight_after_the_settle_window(log: SpendLog) -> None:
    """A purchase in doubt keeps its key for 300 seconds from when it was submitted, and not a second longer."""
    settled(log, an_offer("a", account="k"), Unknown("timeout"))
    waiting = held(log, an_offer("b", account="k"))
    with pytest.raises(IntentAlreadyOpen):
        log.submit(waiting.charge_id, NOW + timedelta(seconds=299), BALANCE, ME)
    assert log.submit(waiting.charge_id, NOW + timedelta(seconds=300), BALANCE, ME).state is ChargeState.SUBMITTING


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
        log.submit(charge.charge_id, NOW, BALANCE, ME)
    assert log.settle(charge.charge_id, Released("frozen"), NOW).state is ChargeState.RELEASED


def test_the_first_reason_to_freeze_stands(log: SpendLog) -> None:
    """A second freeze does not hide the first one's reason; unfreezing lifts both."""
    assert log.frozen() is None
    log.freeze("first", NOW)
    log.freeze("second", NOW)
    assert log.frozen() == "first"
    log.unfreeze(NOW)
    assert log.frozen() is None


def test_only_what_was_read_is_cleared(log: SpendLog) -> None:
    """By who is named in the history; a reason that came since keeps all frozen."""
    log.freeze("first", NOW)
    log.freeze("second", NOW)
    assert not log.unfreeze(NOW, seen=1, by="me")
    assert log.frozen() == "first"
    assert log.unfreeze(NOW, seen=2, by="me")
    assert [event.body for event in log.events() if event.kind == "unfrozen"] == ['{"by": "me"}']
    assert log.frozen() is None


def test_no_second_rental_follows_an_orphaned_one(log: SpendLog) -> None:
    """The money is gone and the pod unknown: whatever a checkpoint says, this run buys nothing more."""
    charge = submitted(log, an_offer())
    log.settle(charge.charge_id, Unknown("no answer"), NOW)
    log.settle(charge.charge_id, DebitFound(), NOW)
    refused = reserve(log, an_offer(attempt=2), charge_id="second")
    assert isinstance(refused, NotApproved)
    assert charge.charge_id in refused.reason
