"""A grant that stands for a schedule: one yes, used up night by night, and never for more than was said (law 4)."""

from datetime import datetime

import pytest

from policies.budget import CapHit
from policies.charge import Released
from policies.money import Cents
from tests.tools.spend_log.nights import (
    TERMS,
    ask_for_nights,
    begin,
    end,
    grant_nights,
    new_night,
    scheduled,
)
from tests.tools.spend_log.test_contract_grants import answer, asked, buy
from tests.tools.spend_log.things import BALANCE, CODE, HOUR, ME, NOW
from tools.errors import NotWanted
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge, Decision
from tools.spend_log.schedule_rows import NewStandingGrant, StandingGrant


def decide(
    log: SpendLog,
    *,
    code: str = CODE,
    total: int = 600,
    decision: Decision = Decision.APPROVED,
    at: datetime = NOW,
    grant_id: str = "sta-1",
) -> StandingGrant | str:
    return log.decide_standing_grant(grant_id, code, Cents(total), decision, "me", at)


# asked and answered


def test_what_is_asked_is_kept(log: SpendLog) -> None:
    """And what a yes is said to is all nights together."""
    scheduled(log)
    question = ask_for_nights(log)
    assert question.terms == TERMS
    assert question.terms.total == Cents(600)
    assert (question.created_at, question.expires_at, question.decision) == (NOW, NOW + HOUR, None)
    assert log.standing_grant("sta-1") == question
    assert log.standing_grants() == log.standing_grants("sch-1") == [question]
    assert log.standing_grants("sch-2") == []
    assert log.standing_grant("sta-2") is None


def test_the_first_answer_counts(log: SpendLog) -> None:
    """A second one is told who answered, and when; a wrong code decides nothing, nor does the amount of one night."""
    scheduled(log)
    ask_for_nights(log)
    assert decide(log, code="guess") == "the code is wrong"
    for total in (300, 599, 601):
        assert decide(log, total=total) == f"the grant is for up to $6.00, not for ${total // 100}.{total % 100:02}"
    given = decide(log)
    assert isinstance(given, StandingGrant)
    assert (given.decision, given.decided_by, given.decided_at) == (Decision.APPROVED, "me", NOW)
    assert decide(log, decision=Decision.DENIED) == "already approved by me at 2026-03-15 12:00:00 UTC"
    assert decide(log, grant_id="sta-2") == "nothing is asked under this id"


def test_ten_wrong_codes_void_the_question(log: SpendLog) -> None:
    """The right one comes too late then; the history has each try, and no code."""
    scheduled(log)
    ask_for_nights(log)
    for _ in range(10):
        assert decide(log, code="\udcff") == "the code is wrong"
    assert "too many wrong codes" in str(decide(log))
    tries = [event.body for event in log.events() if event.kind == "wrong_code"]
    assert len(tries) == 10
    assert all('"of": "sta-1"' in body for body in tries)


def test_a_question_expires(log: SpendLog) -> None:
    """A late yes is no yes."""
    scheduled(log)
    ask_for_nights(log)
    assert decide(log, at=NOW + HOUR) == "the question expired at 2026-03-15 13:00:00 UTC"


def test_asking_again_ends_the_question_before(log: SpendLog) -> None:
    """Its code answers nothing any more; what was granted stays granted, also where the new answer is a no."""
    scheduled(log)
    grant_nights(log)
    ask_for_nights(log, grant_id="sta-2")
    ask_for_nights(log, grant_id="sta-3")
    decisions = [grant.decision for grant in log.standing_grants("sch-1")]
    assert decisions == [Decision.APPROVED, Decision.SUPERSEDED, None]
    assert decide(log, grant_id="sta-2") == "already superseded at 2026-03-15 12:00:00 UTC"
    assert isinstance(decide(log, grant_id="sta-3", decision=Decision.DENIED), StandingGrant)
    begin(log, 1, "a")
    assert log.grants_of_nights("sta-1") == ["gra-1"]


def test_a_question_that_was_taken_back_is_not_answered(log: SpendLog) -> None:
    """By whom, and when; a batch's neither."""
    scheduled(log)
    ask_for_nights(log)
    log.revoke_standing_grant("sta-1", "me", NOW)
    assert decide(log) == "taken back by me at 2026-03-15 12:00:00 UTC"
    log.add_batch(new_night(1).batch, new_night(1, "a").jobs)
    asked(log)
    log.revoke_grant("gra-1", "me", NOW)
    assert answer(log) == "taken back by me at 2026-03-15 12:00:00 UTC"


def test_the_code_goes_to_humans_only(log: SpendLog) -> None:
    """Neither a print nor the history shows it."""
    scheduled(log)
    grant_nights(log)
    assert CODE not in repr(log.standing_grant("sta-1"))
    assert CODE not in repr(NewStandingGrant("sta-1", "sch-1", TERMS, frozenset(), CODE, NOW))
    assert all(CODE not in event.body for event in log.events())


@pytest.mark.parametrize("decision", [None, Decision.DENIED])
def test_only_a_yes_gives(log: SpendLog, decision: Decision | None) -> None:
    """An unanswered or denied question gives nothing."""
    scheduled(log)
    ask_for_nights(log)
    if decision is not None:
        decide(log, decision=decision)
    begin(log, 1, "a")
    assert log.grants() == []
    assert isinstance(buy(log, "a"), CapHit)


# taken back


def test_taking_it_back_takes_back_what_nights_got(log: SpendLog) -> None:
    """The night's next order asks; the one that was reserved is not sent; what is to come gets nothing."""
    scheduled(log)
    grant_nights(log)
    begin(log, 1, "a", "b")
    charge = buy(log, "a")
    assert isinstance(charge, Charge)
    revoked = log.revoke_standing_grant("sta-1", "me", NOW)
    assert (revoked.revoked_by, revoked.revoked_at) == ("me", NOW)
    assert isinstance(buy(log, "b"), CapHit)
    with pytest.raises(NotWanted, match="the grant that was to pay for it"):
        log.submit(charge.charge_id, NOW, BALANCE, ME)
    log.settle(charge.charge_id, Released("taken back"), NOW)
    end(log, "a", "b")
    begin(log, 2, "c")
    assert log.grants_of_nights("sta-1") == ["gra-1"]
    assert log.revoke_standing_grant("sta-1", "another", NOW + HOUR) == revoked
    with pytest.raises(LookupError, match="no grant sta-2"):
        log.revoke_standing_grant("sta-2", "me", NOW)


def test_the_last_yes_is_the_one_that_holds(log: SpendLog) -> None:
    """Two do not add up, in nights or in what a night may spend."""
    scheduled(log)
    grant_nights(log)
    begin(log, 1, "a")
    grant_nights(log, grant_id="sta-2")
    assert [grant.revoked_by for grant in log.standing_grants()] == ["the later sta-2", ""]
    assert [grant.revoked_by for grant in log.grants("bat-1")] == [""], "the night that is under way keeps its own"
    assert isinstance(buy(log, "a"), Charge)
    end(log, "a")
    for number, run_id in enumerate("bcd", 2):
        begin(log, number, run_id)
        end(log, run_id)
    assert log.grants_of_nights("sta-2") == ["gra-2", "gra-3"]
    assert log.grants_of_nights("sta-1") == ["gra-1"]


def test_one_nights_grant_is_taken_back_alone(log: SpendLog) -> None:
    """Others get theirs."""
    scheduled(log)
    grant_nights(log)
    begin(log, 1, "a")
    log.revoke_grant("gra-1", "me", NOW)
    assert isinstance(buy(log, "a"), CapHit)
    end(log, "a")
    begin(log, 2, "b")
    assert isinstance(buy(log, "b"), Charge)


def test_removing_a_schedule_takes_back_what_stands_or_is_asked_for_it(log: SpendLog) -> None:
    """Also from the night that is under way; and nobody says yes to what will never come."""
    scheduled(log)
    grant_nights(log)
    begin(log, 1, "a")
    ask_for_nights(log, grant_id="sta-2")
    log.remove_schedule("sch-1", NOW)
    assert [grant.revoked_by for grant in log.standing_grants()] == ["the removal of the schedule"] * 2
    assert isinstance(buy(log, "a"), CapHit)
    assert decide(log, grant_id="sta-2") == "taken back by the removal of the schedule at 2026-03-15 12:00:00 UTC"
