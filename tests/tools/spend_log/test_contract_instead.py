"""Another offer instead of an answer: one answer counts, the offer is over, and what was wished for is written down."""

import json

import pytest

from policies.charge import Released
from policies.money import Cents
from policies.offer import Rail
from policies.wish import Wish
from tests.tools.spend_log.test_contract_approvals import answer, ask, refused
from tests.tools.spend_log.things import BALANCE, CODE, HOUR, ME, NOW, WIDE, an_offer, approved, offered
from tools.spend_log.port import NotApproved, NotRecorded, Recorded, SpendLog
from tools.spend_log.rows import Awaited, Charge, Decision, Parked

BY_CARD = Wish(Rail.STRIPE, None)
TWO_HOURS = Wish(None, 2)


def instead(
    log: SpendLog, wish: Wish = BY_CARD, *, code: str = CODE, amount: int = 147, by: str = "me"
) -> Recorded | NotRecorded:
    return log.instead("run-1", code, Cents(amount), wish, by, NOW)


def test_the_offer_is_over_and_the_wish_written_down(log: SpendLog) -> None:
    """Who, when and what for; the question stands no more, and its offer buys nothing."""
    ask(log)
    said = instead(log, Wish(Rail.STRIPE, 2), by="slack:U1")
    assert isinstance(said, Recorded)
    assert (said.approval.decision, said.approval.decided_by) == (Decision.SUPERSEDED, "slack:U1")
    (wished,) = log.wishes("run-1")
    assert (wished.attempt, wished.wish, wished.wished_by, wished.wished_at) == (
        1,
        Wish(Rail.STRIPE, 2),
        "slack:U1",
        NOW,
    )
    assert log.approval("run-1") is None
    assert [attempt.outcome for attempt in log.attempts("run-1")] == ["superseded"]
    for approval in ("run-1/1", None):
        assert isinstance(log.reserve("c", an_offer(), WIDE, NOW, approval), NotApproved)
    (event,) = [event for event in log.events("run-1") if event.kind == "instead"]
    assert json.loads(event.body) == {"attempt": 1, "rail": "stripe", "hours": 2, "by": "slack:U1"}
    assert log.broken_chain() is None


def test_it_takes_the_code_and_the_amount_of_the_question(log: SpendLog) -> None:
    """As a yes does: wrong ones change nothing, nor does a late one, nor one that answers nothing."""
    assert "nothing is asked" in refused(instead(log))
    ask(log)
    assert refused(instead(log, code="WRONG")) == "the code is wrong"
    assert "$1.47" in refused(instead(log, amount=146))
    assert "expired" in refused(log.instead("run-1", CODE, Cents(147), BY_CARD, "me", NOW + HOUR))
    assert log.wishes("run-1") == []
    assert isinstance(answer(log), Recorded)


def test_its_wrong_codes_are_counted_with_the_others(log: SpendLog) -> None:
    """Ten of them void the question, however they were tried."""
    ask(log)
    for _ in range(5):
        instead(log, code="guess")
        answer(log, code="guess")
    assert "too many wrong codes" in refused(instead(log))


@pytest.mark.parametrize("decision", [Decision.APPROVED, Decision.DENIED])
def test_the_first_answer_counts(log: SpendLog, decision: Decision) -> None:
    """Whoever comes later hears what was said, by whom: in either order, and before the new offer is made."""
    ask(log)
    answer(log, decision=decision, by="slack:U1")
    assert refused(instead(log)) == f"already {decision} by slack:U1 at 2026-03-15 12:00:00 UTC"
    offered(log, an_offer(attempt=2))
    log.ask(an_offer(attempt=2), CODE, NOW, NOW + HOUR)
    assert isinstance(instead(log, by="slack:U2"), Recorded)
    for again in (answer(log, decision=decision), instead(log)):
        assert refused(again) == "already superseded by slack:U2 at 2026-03-15 12:00:00 UTC"
    assert "code is wrong" in refused(answer(log, code="guess"))
    assert [wished.attempt for wished in log.wishes("run-1")] == [2]


def test_a_later_wish_keeps_what_was_granted(log: SpendLog) -> None:
    """Asking for a card does not undo two hours, where the offer had them; what it had not is forgotten."""
    ask(log)
    instead(log, TWO_HOURS)
    ask(log, an_offer(attempt=2, hours=2))
    instead(log, BY_CARD)
    assert log.wishes("run-1")[-1].wish == Wish(Rail.STRIPE, 2)
    ask(log, an_offer(attempt=3, hours=3))
    instead(log, Wish(Rail.CREDITS, None))
    assert log.wishes("run-1")[-1].wish == Wish(Rail.CREDITS, None)


def test_a_parked_run_is_hastened(log: SpendLog) -> None:
    """A wish is heard as soon as a yes is."""
    ask(log)
    log.park(Parked("run-1", Awaited.HUMAN, "", "", "i", NOW, NOW + HOUR, NOW + HOUR, 0))
    instead(log)
    assert log.parked("run-1")[0].next_look == NOW


def test_no_wish_while_a_charge_is_open(log: SpendLog) -> None:
    """What may still be paid is not replaced by something else (law 6)."""
    link = offered(log, an_offer(rail=Rail.STRIPE))
    charge = log.reserve("c", link, WIDE, NOW, None)
    assert isinstance(charge, Charge)
    ask(log, an_offer(attempt=2))
    assert refused(instead(log)) == "charge c of this run is held: it may still be paid"
    log.settle("c", Released("taken back"), NOW)
    assert isinstance(instead(log), Recorded)


def test_a_wish_never_takes_back_what_was_bought(log: SpendLog) -> None:
    """After the yes was used there is no question left to put aside."""
    offer = an_offer()
    charge = log.reserve("c", offer, WIDE, NOW, approved(log, offer))
    assert isinstance(charge, Charge)
    assert "already approved" in refused(instead(log))
    assert log.submit("c", NOW, BALANCE, ME).state == "submitting"


def test_neither_code_nor_guess_is_in_the_history(log: SpendLog) -> None:
    """Codes are for human channels."""
    ask(log)
    instead(log, code="WRONG-GUESS")
    instead(log)
    told = " ".join(event.body for event in log.events())
    assert CODE not in told
    assert "WRONG-GUESS" not in told
