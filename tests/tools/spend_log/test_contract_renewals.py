"""A fresh offer in place of one that expired: asked for once, while nothing may be paid; it approves nothing."""

import json
from datetime import timedelta

import pytest

from policies.offer import Rail
from tests.tools.spend_log.test_contract_approvals import answer, ask, refused
from tests.tools.spend_log.things import CODE, HOUR, NOW, WIDE, an_offer, offered
from tools.spend_log.port import NotApproved, NotRecorded, Recorded, SpendLog
from tools.spend_log.rows import Awaited, Charge, Decision, Parked, RunStatus

LATE = NOW + HOUR
"""The question is over."""


def park(log: SpendLog, awaited: Awaited = Awaited.HUMAN) -> None:
    log.park(Parked("run-1", awaited, "", "", "i", NOW, LATE, NOW + 9 * HOUR, 0))


def renew(log: SpendLog, question: str = "run-1/1", after: timedelta = HOUR) -> Recorded | NotRecorded:
    return log.renew("run-1", question, "web:ann", NOW + after)


def expired(log: SpendLog) -> None:
    """A question that nobody answered, and a run that waits for nothing else."""
    ask(log)
    park(log)


def test_the_offer_is_over_and_its_run_is_hastened(log: SpendLog) -> None:
    """Who asked is written down; neither the offer nor its question buys anything."""
    expired(log)
    said = renew(log)
    assert isinstance(said, Recorded)
    assert said.approval.decision is Decision.SUPERSEDED
    assert log.approval("run-1") is None
    assert [attempt.outcome for attempt in log.attempts("run-1")] == ["renewed"]
    assert log.parked("run-1")[0].next_look == NOW
    (event,) = [event for event in log.events("run-1") if event.kind == "renewed"]
    assert json.loads(event.body) == {"attempt": 1, "by": "web:ann"}
    for approval in ("run-1/1", None):
        assert isinstance(log.reserve("c", an_offer(), WIDE, LATE, approval), NotApproved)
    assert isinstance(answer(log), NotRecorded)
    assert log.broken_chain() is None


def test_pressed_twice_it_is_asked_for_once(log: SpendLog) -> None:
    """Before the new offer is made, and when that has expired too."""
    expired(log)
    renew(log)
    assert "another offer" in refused(renew(log))
    offered(log, an_offer(attempt=2))
    log.ask(an_offer(attempt=2), CODE, NOW, NOW + HOUR)
    assert "another offer" in refused(renew(log))
    assert [attempt.outcome for attempt in log.attempts("run-1")] == ["renewed", ""]


def test_an_offer_that_stands_is_to_be_answered(log: SpendLog) -> None:
    """To its last moment."""
    expired(log)
    assert "the offer stands until" in refused(renew(log, after=HOUR - timedelta(seconds=1)))
    assert isinstance(answer(log), Recorded)


def test_a_yes_that_came_to_nothing_is_no_answer_any_more(log: SpendLog) -> None:
    """Nobody drove the run while it counted; a no counts for ever."""
    expired(log)
    answer(log)
    assert isinstance(renew(log), Recorded)
    assert isinstance(log.reserve("c", an_offer(), WIDE, NOW, "run-1/1"), NotApproved)


def test_a_no_counts_for_ever(log: SpendLog) -> None:
    """Its run ends, however late that is."""
    expired(log)
    answer(log, decision=Decision.DENIED)
    assert refused(renew(log)) == "already denied by me"


@pytest.mark.parametrize("awaited", [one for one in Awaited if one is not Awaited.HUMAN])
def test_not_while_it_waits_for_something_else(log: SpendLog, awaited: Awaited) -> None:
    """Nor while somebody drives it."""
    expired(log)
    park(log, awaited)
    assert refused(renew(log)) == "the run does not wait for an answer now"
    log.unpark("run-1")
    assert refused(renew(log)) == "the run does not wait for an answer now"


def test_not_while_a_charge_is_open(log: SpendLog) -> None:
    """What may still be paid is not offered again."""
    link = offered(log, an_offer(rail=Rail.STRIPE))
    assert isinstance(log.reserve("c", link, WIDE, NOW, None), Charge)
    ask(log, an_offer(attempt=2))
    park(log)
    assert refused(renew(log, "run-1/2")) == "charge c of this run is held: it may still be paid"


def test_not_once_it_is_over_or_to_be(log: SpendLog) -> None:
    """There is nothing to be offered for."""
    expired(log)
    log.request_cancel("run-1", NOW, "me")
    assert refused(renew(log)) == "the run is being cancelled"
    log.set_status("run-1", RunStatus.CANCELLED, NOW, reason="", code=0)
    assert refused(renew(log)) == "the run is over"
