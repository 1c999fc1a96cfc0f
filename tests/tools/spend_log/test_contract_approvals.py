"""An approval is used once, for one offer, and expires (law 4)."""

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from policies.money import Cents
from policies.offer import Offer, Rail
from tests.tools.spend_log.things import CODE, HOUR, NOW, WIDE, an_offer, approved, new_run, offered
from tools.errors import IntentAlreadyOpen, OfferPutAside
from tools.spend_log.port import NotApproved, NotRecorded, Recorded, SpendLog
from tools.spend_log.rows import Approval, Charge, Decision

OTHER_VALUES: dict[str, Any] = {
    "run_id": "run-2",
    "attempt": 2,
    "gpu_id": "NVIDIA H100",
    "gpu_name": "H100",
    "vram_gb": 80,
    "price_per_hour": Decimal("0.48"),
    "hours": 4,
    "amount": Cents(148),
    "rail": Rail.STRIPE,
    "account": "key-2",
    "base_url": "https://example.com/api",
    "job_sha256": "b" * 64,
}


def ask(log: SpendLog, offer: Offer | None = None) -> Approval:
    return log.ask(offered(log, offer or an_offer()), CODE, NOW, NOW + HOUR)


def answer(
    log: SpendLog, *, code: str = CODE, amount: int = 147, decision: Decision = Decision.APPROVED, by: str = "me"
) -> Recorded | NotRecorded:
    return log.decide("run-1", code, Cents(amount), decision, by, NOW)


def refused(result: object) -> str:
    assert isinstance(result, NotRecorded | NotApproved), result
    return result.reason


def test_an_approved_offer_is_bought_once(log: SpendLog) -> None:
    """The approval is consumed with the reservation, names its charge, and buys nothing again."""
    offer = an_offer()
    approval = approved(log, offer)
    charge = log.reserve("c", offer, replace(WIDE, auto_pay=Cents(0)), NOW, approval)
    assert isinstance(charge, Charge)
    assert charge.auto is False
    used = log.approval("run-1")
    assert used is not None
    assert used.charge_id == "c"
    with pytest.raises(IntentAlreadyOpen):
        log.reserve("d", offer, WIDE, NOW, approval)


@pytest.mark.parametrize("field", [field.name for field in fields(Offer)])
def test_an_approval_is_for_its_offer_field_by_field(log: SpendLog, field: str) -> None:
    """Whatever differs, even with that other offer as the current one: the approval does not fit it."""
    approval = approved(log, an_offer())
    changed = replace(an_offer(), **{field: OTHER_VALUES[field]})
    current = replace(changed, attempt=1 if field == "run_id" else 2)
    offered(log, current)
    assert "another offer" in refused(log.reserve("c", current, WIDE, NOW, approval))
    assert "not the run's current one" in refused(log.reserve("c", replace(changed, attempt=9), WIDE, NOW, approval))
    assert log.charges() == []


def test_an_approval_expires(log: SpendLog) -> None:
    """Good until a microsecond before its end, for answering and for buying."""
    offer = an_offer()
    approval = approved(log, offer)
    assert "expired" in refused(log.reserve("c", offer, WIDE, NOW + HOUR, approval))
    just_before = NOW + HOUR - timedelta(microseconds=1)
    assert isinstance(log.reserve("c", offer, WIDE, just_before, approval), Charge)


def test_an_expired_question_takes_no_answer(log: SpendLog) -> None:
    """A late yes is no yes."""
    ask(log)
    assert "expired" in refused(log.decide("run-1", CODE, Cents(147), Decision.APPROVED, "me", NOW + HOUR))


@pytest.mark.parametrize("decision", [None, Decision.DENIED])
def test_only_a_yes_buys(log: SpendLog, decision: Decision | None) -> None:
    """An unanswered or denied offer reserves nothing."""
    asked = ask(log)
    if decision is not None:
        answer(log, decision=decision)
    wanted = str(decision) if decision else "not answered"
    assert wanted in refused(log.reserve("c", an_offer(), WIDE, NOW, asked.approval_id))


def test_an_unknown_approval_buys_nothing(log: SpendLog) -> None:
    """A made-up id is not an approval."""
    offered(log, an_offer())
    assert "no such approval" in refused(log.reserve("c", an_offer(), WIDE, NOW, "run-1/7"))


def test_a_superseded_approval_buys_nothing(log: SpendLog) -> None:
    """A new offer ends the old one's approval, given or not, and asks anew."""
    first = an_offer()
    approval = approved(log, first)
    second = offered(log, an_offer(attempt=2))
    assert log.approval("run-1") is None
    assert [attempt.outcome for attempt in log.attempts("run-1")] == ["superseded", ""]
    assert "another offer" in refused(log.reserve("c", second, WIDE, NOW, approval))
    assert "not the run's current one" in refused(log.reserve("c", first, WIDE, NOW, approval))
    assert "nothing is asked" in refused(answer(log))


def test_asking_again_returns_the_standing_question(log: SpendLog) -> None:
    """A node that runs twice makes no second code."""
    first = ask(log)
    assert log.ask(an_offer(), "OTHER-CODE", NOW + HOUR, NOW + 2 * HOUR) == first
    answer(log)
    again = log.ask(an_offer(), "OTHER-CODE", NOW, NOW + 2 * HOUR)
    assert (again.code, again.decision) == (CODE, Decision.APPROVED)


def test_only_the_current_offer_is_asked_about(log: SpendLog) -> None:
    """What a human is shown is what the log holds."""
    offered(log, an_offer())
    with pytest.raises(OfferPutAside):
        log.ask(an_offer(amount=1), CODE, NOW, NOW + HOUR)


def test_the_first_answer_counts(log: SpendLog) -> None:
    """A second one is told who answered, and when."""
    ask(log)
    assert isinstance(answer(log, by="slack:U1"), Recorded)
    assert refused(answer(log, decision=Decision.DENIED)) == "already approved by slack:U1 at 2026-03-15 12:00:00 UTC"
    standing = log.approval("run-1")
    assert standing is not None
    assert (standing.decision, standing.decided_by, standing.decided_at) == (Decision.APPROVED, "slack:U1", NOW)


def test_a_wrong_amount_decides_nothing(log: SpendLog) -> None:
    """Somebody who read another price did not agree to this one."""
    ask(log)
    assert "$1.47" in refused(answer(log, amount=146))
    assert "$1.47" in refused(answer(log, amount=148))
    assert isinstance(answer(log), Recorded)


def test_ten_wrong_codes_void_the_question(log: SpendLog) -> None:
    """The right code counts after nine wrong ones, and no more after ten."""
    ask(log)
    for _ in range(9):
        assert refused(answer(log, code="guess")) == "the code is wrong"
    assert "code is wrong" in refused(answer(log, code="ünïcode"))
    assert "too many wrong codes" in refused(answer(log))
    assert "not answered" in refused(log.reserve("c", an_offer(), WIDE, NOW, "run-1/1"))


def test_nine_wrong_codes_do_not(log: SpendLog) -> None:
    """Fingers slip."""
    ask(log)
    for _ in range(9):
        answer(log, code="guess")
    assert isinstance(answer(log), Recorded)


def test_the_code_of_an_earlier_offer_is_no_wrong_try(log: SpendLog) -> None:
    """However often an old card is typed off the question stands; it answers nothing, and guesses count as ever."""
    ask(log)
    offer = offered(log, an_offer(attempt=2))
    log.ask(offer, "NEWCODE2", NOW, NOW + HOUR)
    for _ in range(12):
        assert "an earlier offer" in refused(answer(log))
    for _ in range(9):
        assert refused(answer(log, code="guess")) == "the code is wrong"
    assert not any(event.kind == "decided" for event in log.events())
    assert isinstance(answer(log, code="NEWCODE2"), Recorded)


def test_wrong_codes_after_the_answer_change_nothing(log: SpendLog) -> None:
    """Nobody can take back another's yes by guessing."""
    offer = an_offer()
    approval = approved(log, offer)
    for _ in range(12):
        answer(log, code="guess")
    assert isinstance(log.reserve("c", offer, WIDE, NOW, approval), Charge)


def test_nothing_asked_nothing_decided(log: SpendLog) -> None:
    """A run without a question, and a run that is not there."""
    log.add_run(new_run("run-1"))
    assert "nothing is asked" in refused(answer(log))
    assert log.approval("run-2") is None


def test_attempts_are_numbered_in_the_log(log: SpendLog) -> None:
    """Not in the graph's state: a number that is not the next is refused."""
    offered(log, an_offer())
    for number in (1, 3):
        with pytest.raises(ValueError, match="the next is 2"):
            log.add_attempt(an_offer(attempt=number), "", NOW)
    assert [attempt.offer.attempt for attempt in log.attempts("run-1")] == [1]


def test_an_attempt_ends_once(log: SpendLog) -> None:
    """The first outcome stays; the question about it is over."""
    approved(log, an_offer())
    log.end_attempt("run-1", 1, "sold out", NOW)
    log.end_attempt("run-1", 1, "denied", NOW)
    (attempt,) = log.attempts("run-1")
    assert (attempt.outcome, attempt.offer, attempt.reason) == ("sold out", an_offer(), "cheapest that fits")
    assert log.approval("run-1") is None
    with pytest.raises(ValueError, match="reason"):
        log.end_attempt("run-1", 1, "", NOW)


def test_the_code_does_not_show_in_a_print(log: SpendLog) -> None:
    """Codes are for human channels; a value that ends up in a log line carries none."""
    assert CODE not in repr(ask(log))


def test_the_history_names_no_code(log: SpendLog) -> None:
    """Asking, guessing, answering: none of it writes a code into the events."""
    ask(log)
    answer(log, code="WRONG-GUESS")
    answer(log)
    told = " ".join(event.body for event in log.events())
    assert CODE not in told
    assert "WRONG-GUESS" not in told
