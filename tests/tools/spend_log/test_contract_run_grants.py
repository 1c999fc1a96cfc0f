"""A yes to one run, up to so much: given once, for an offer that is asked about, and used up atomically (law 4)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.budget import CapHit, Caps
from policies.charge import Paid, Released
from policies.grant import Used
from policies.money import Cents
from policies.offer import Rail
from tests.tools.spend_log.test_contract_approvals import answer, ask, refused
from tests.tools.spend_log.test_contract_grants import ASKING
from tests.tools.spend_log.things import BALANCE, CODE, HOUR, ME, NOW, an_offer, offered, order_of
from tools.errors import NotWanted
from tools.spend_log.answer_rows import NewRunGrant, RunGrant
from tools.spend_log.port import Frozen, NotApproved, NotRecorded, Recorded, SpendLog
from tools.spend_log.rows import Charge, Decision

GIVEN = NewRunGrant("gra-1", Cents(300), 3, NOW + 10 * HOUR)


def give(
    log: SpendLog, new: NewRunGrant = GIVEN, *, code: str = CODE, amount: int = 147, run_id: str = "run-1"
) -> Recorded | NotRecorded:
    return log.grant_run(run_id, code, Cents(amount), new, "me", NOW)


def granted(log: SpendLog, new: NewRunGrant = GIVEN) -> RunGrant:
    """The run's first offer, of $1.47, is approved with a grant."""
    ask(log)
    assert isinstance(give(log, new), Recorded)
    grant = log.run_grant(new.grant_id)
    assert grant is not None
    return grant


def buy(log: SpendLog, attempt: int = 1, amount: int = 147, *, caps: Caps = ASKING, **changes: Any) -> object:
    """Reserve an offer of run-1; the first one by the approval that was the grant."""
    offer = an_offer(amount=amount, attempt=attempt, **changes)
    if attempt > 1:
        offered(log, offer)
    return log.reserve(f"c-{attempt}", offer, caps, NOW, "run-1/1" if attempt == 1 else None)


def gone(log: SpendLog, attempt: int) -> None:
    """The pod of an attempt was paid for, and has ended."""
    log.submit(f"c-{attempt}", NOW, BALANCE, ME)
    order = order_of(f"{attempt}")
    charge = log.charge(f"c-{attempt}")
    assert charge is not None
    log.settle(f"c-{attempt}", Paid(charge.amount, order), NOW)
    log.see_order(order, "terminated", NOW)


def test_it_is_a_yes_to_the_offer_and_bound_to_it(log: SpendLog) -> None:
    """To its run, job, payer and provider; the question is answered."""
    grant = granted(log)
    assert (grant.run_id, grant.attempt, grant.job_sha256) == ("run-1", 1, "a" * 64)
    assert (grant.amount, grant.pods, grant.account, grant.base_url) == (300, 3, "key-1", "https://gpuhog.com/api")
    assert (grant.given_by, grant.given_at, grant.until) == ("me", NOW, NOW + 10 * HOUR)
    asked = log.approval("run-1")
    assert asked is not None
    assert asked.decision is Decision.APPROVED
    assert log.run_grants() == log.run_grants("run-1") == [grant]
    assert log.run_grants("run-2") == []
    assert log.batches() == []


def test_the_first_order_is_a_part_of_it(log: SpendLog) -> None:
    """The offer that was asked about uses the grant as later ones do, to the cent; then a human is asked again."""
    granted(log)
    first = buy(log)
    assert isinstance(first, Charge)
    assert first.auto is False
    assert log.run_grant_used("gra-1") == Used(Cents(147), 1)
    gone(log, 1)
    over = buy(log, 2, 154)
    assert isinstance(over, CapHit)
    assert over.needs_a_human
    assert isinstance(buy(log, 3, 153), Charge)
    assert log.run_grant_used("gra-1") == Used(Cents(300), 2)
    gone(log, 3)
    assert isinstance(buy(log, 4, 1), CapHit)
    assert log.broken_chain() is None


def test_it_pays_for_so_many_pods(log: SpendLog) -> None:
    """And for no more, however cheap."""
    granted(log, replace(GIVEN, pods=2))
    assert isinstance(buy(log), Charge)
    gone(log, 1)
    assert isinstance(buy(log, 2, 1), Charge)
    gone(log, 2)
    assert isinstance(buy(log, 3, 1), CapHit)


def test_what_was_not_bought_is_given_back(log: SpendLog) -> None:
    """A purchase proven not to have happened leaves its room."""
    granted(log)
    buy(log)
    log.settle("c-1", Released("sold out"), NOW)
    assert log.run_grant_used("gra-1") == Used(Cents(0), 0)
    assert isinstance(buy(log, 2, 300), Charge)


def test_it_takes_the_code_and_the_amount_of_the_question(log: SpendLog) -> None:
    """As a yes does."""
    assert "nothing is asked" in refused(give(log))
    ask(log)
    assert refused(give(log, code="WRONG")) == "the code is wrong"
    assert "$1.47" in refused(give(log, amount=300))
    assert "expired" in refused(log.grant_run("run-1", CODE, Cents(147), GIVEN, "me", NOW + HOUR))
    assert log.run_grants() == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"amount": Cents(146)}, "$1.46 are less than the $1.47"),
        ({"pods": 0}, "0 pods"),
        ({"until": NOW}, "ended at"),
    ],
)
def test_one_that_would_not_pay_for_the_offer_is_refused(log: SpendLog, change: dict[str, Any], why: str) -> None:
    """Nobody is left with a yes to nothing; the question stands."""
    ask(log)
    assert why in refused(give(log, replace(GIVEN, **change)))
    assert isinstance(give(log, replace(GIVEN, amount=Cents(147))), Recorded)


def test_the_first_answer_counts(log: SpendLog) -> None:
    """Neither a second grant, nor a grant after a no."""
    granted(log)
    assert "already approved by me" in refused(give(log, replace(GIVEN, grant_id="gra-2")))
    assert "already approved by me" in refused(answer(log, decision=Decision.DENIED))
    ask(log, an_offer("run-2"))
    log.decide("run-2", CODE, Cents(147), Decision.DENIED, "me", NOW)
    assert "already denied" in refused(give(log, replace(GIVEN, grant_id="gra-3"), run_id="run-2"))
    assert [grant.grant_id for grant in log.run_grants()] == ["gra-1"]


def test_the_last_yes_is_the_one_that_holds(log: SpendLog) -> None:
    """Two grants of a run don't add up."""
    granted(log)
    buy(log)
    gone(log, 1)
    ask(log, an_offer(attempt=2, amount=200))
    assert isinstance(give(log, replace(GIVEN, grant_id="gra-2"), amount=200), Recorded)
    earlier = log.run_grant("gra-1")
    assert earlier is not None
    assert earlier.revoked_by == "the later gra-2"
    assert log.covering_grant(an_offer(attempt=3, amount=100), NOW) == log.run_grant("gra-2")


def test_taken_back_it_pays_for_nothing(log: SpendLog) -> None:
    """Not even for the offer that it was the answer to."""
    granted(log)
    log.revoke_run_grant("gra-1", "you", NOW)
    log.revoke_run_grant("gra-1", "somebody else", NOW + HOUR)
    said = buy(log)
    assert isinstance(said, NotApproved)
    assert "taken back by you" in said.reason
    assert isinstance(buy(log, 2), CapHit)
    with pytest.raises(LookupError, match="no grant"):
        log.revoke_run_grant("gra-9", "me", NOW)


def test_taken_back_it_stops_what_was_reserved(log: SpendLog) -> None:
    """Up to the moment that the purchase is sent."""
    granted(log)
    buy(log)
    log.revoke_run_grant("gra-1", "you", NOW)
    with pytest.raises(NotWanted, match="taken back"):
        log.submit("c-1", NOW, BALANCE, ME)


def test_it_ends(log: SpendLog) -> None:
    """A microsecond before its end it pays, then no more, reserved or not."""
    granted(log, replace(GIVEN, until=NOW + timedelta(minutes=5)))
    later = an_offer(attempt=2)
    assert log.covering_grant(later, NOW + timedelta(minutes=5) - timedelta(microseconds=1)) is not None
    assert log.covering_grant(later, NOW + timedelta(minutes=5)) is None
    buy(log)
    with pytest.raises(NotWanted, match="has ended"):
        log.submit("c-1", NOW + timedelta(minutes=5), BALANCE, ME)


@pytest.mark.parametrize(
    "other",
    [
        {"account": "key-2"},
        {"base_url": "https://example.com/api"},
        {"rail": Rail.STRIPE},
        {"run_id": "run-2"},
        {"job_sha256": "b" * 64},
    ],
)
def test_it_is_for_this_run_job_payer_and_provider(log: SpendLog, other: dict[str, Any]) -> None:
    """And from credits alone."""
    granted(log)
    assert log.covering_grant(replace(an_offer(attempt=2), **other), NOW) is None


def test_no_other_cap_is_lifted(log: SpendLog) -> None:
    """A yes raises no ceiling, and pays nothing while frozen (law 9)."""
    granted(log)
    capped = buy(log, caps=replace(ASKING, per_day=Cents(99)))
    assert isinstance(capped, CapHit)
    assert capped.cap == "per_day_usd"
    log.freeze("by hand", NOW)
    assert isinstance(buy(log), Frozen)
    assert log.run_grant_used("gra-1") == Used(Cents(0), 0)


def test_the_offer_is_bought_once(log: SpendLog) -> None:
    """Its approval is used with the grant: neither buys it again."""
    granted(log)
    buy(log)
    gone(log, 1)
    for approval in ("run-1/1", None):
        said = log.reserve("again", an_offer(), ASKING, NOW, approval)
        assert isinstance(said, NotApproved)
    assert log.run_grant_used("gra-1") == Used(Cents(147), 1)
