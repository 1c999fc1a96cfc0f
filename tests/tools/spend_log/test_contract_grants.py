"""A grant is a yes given ahead: used up atomically, for the jobs, the payer and the time it was given for (law 4)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.budget import CapHit, Caps
from policies.charge import Paid, Released, Unknown
from policies.grant import Terms, Used
from policies.money import Cents
from policies.offer import Offer, Rail
from tests.tools.spend_log.test_contract_batches import batched
from tests.tools.spend_log.things import (
    BALANCE,
    CODE,
    HOUR,
    ME,
    NOW,
    WIDE,
    an_offer,
    approved,
    new_run,
    offered,
    order_of,
)
from tools.errors import NotWanted
from tools.spend_log.batch_rows import BatchJob, Grant, NewGrant
from tools.spend_log.port import Frozen, NotApproved, SpendLog
from tools.spend_log.rows import Charge, Decision

ASKING = replace(WIDE, auto_pay=Cents(0), auto_pay_per_day=Cents(0))
"""Caps under which every credit needs a human's yes."""

TERMS = Terms(Cents(300), 3, "key-1", "https://gpuhog.com/api", NOW + HOUR)


def asked(log: SpendLog, terms: Terms = TERMS, grant_id: str = "gra-1") -> Grant:
    return log.ask_grant(NewGrant(grant_id, "bat-1", terms, CODE, NOW + HOUR), NOW)


def answer(
    log: SpendLog, *, code: str = CODE, amount: int = 300, decision: Decision = Decision.APPROVED
) -> Grant | str:
    return log.decide_grant("gra-1", code, Cents(amount), decision, "me", NOW)


def granted(log: SpendLog, *run_ids: str, terms: Terms = TERMS) -> None:
    """A batch of these runs, with a grant that was said yes to."""
    batched(log, *run_ids)
    asked(log, terms)
    assert isinstance(answer(log, amount=terms.amount), Grant)


def buy(
    log: SpendLog, run_id: str, amount: int = 100, *, caps: Caps = ASKING, attempt: int = 1, **changes: Any
) -> Charge | CapHit | Frozen | NotApproved:
    offer = offered(log, an_offer(run_id, amount, attempt=attempt, **changes))
    return log.reserve(f"charge-{run_id}-{attempt}", offer, caps, NOW, None)


def test_a_grant_pays_where_a_human_would_be_asked(log: SpendLog) -> None:
    """Up to its amount to the cent; the charge is not one that nobody approved."""
    granted(log, "a", "b", "c")
    first = buy(log, "a", 200)
    assert isinstance(first, Charge)
    assert first.auto is False
    over = buy(log, "b", 101)
    assert isinstance(over, CapHit)
    assert over.needs_a_human
    assert isinstance(buy(log, "c", 100), Charge)
    assert log.grant_used("gra-1") == Used(Cents(300), 2)


def test_a_grant_pays_for_so_many_pods(log: SpendLog) -> None:
    """And for no more, however cheap."""
    granted(log, "a", "b", terms=replace(TERMS, pods=1))
    assert isinstance(buy(log, "a", 1), Charge)
    assert isinstance(buy(log, "b", 1), CapHit)


def test_within_the_auto_limits_nothing_is_used_up(log: SpendLog) -> None:
    """A grant is for what needs a yes."""
    granted(log, "a")
    bought = buy(log, "a", caps=WIDE)
    assert isinstance(bought, Charge)
    assert bought.auto is True
    assert log.grant_used("gra-1") == Used(Cents(0), 0)


def test_an_approval_is_used_before_a_grant(log: SpendLog) -> None:
    """Somebody said yes to this very offer."""
    granted(log, "a")
    offer = an_offer("a", 100)
    assert isinstance(log.reserve("c", offer, ASKING, NOW, approved(log, offer)), Charge)
    assert log.grant_used("gra-1") == Used(Cents(0), 0)


def test_no_other_cap_is_lifted(log: SpendLog) -> None:
    """A yes raises no ceiling."""
    granted(log, "a", "b")
    capped = buy(log, "a", caps=replace(ASKING, per_day=Cents(99)))
    assert isinstance(capped, CapHit)
    assert capped.cap == "per_day_usd"
    full = buy(log, "b", caps=replace(ASKING, open_pods=0))
    assert isinstance(full, CapHit)
    assert full.cap == "max_open_pods"
    assert log.grant_used("gra-1") == Used(Cents(0), 0)


def test_a_frozen_store_pays_nothing(log: SpendLog) -> None:
    """Granted or not (law 9)."""
    granted(log, "a")
    log.freeze("by hand", NOW)
    assert isinstance(buy(log, "a"), Frozen)


@pytest.mark.parametrize("decision", [None, Decision.DENIED])
def test_only_a_yes_pays(log: SpendLog, decision: Decision | None) -> None:
    """An unanswered or denied question pays for nothing."""
    batched(log, "a")
    asked(log)
    if decision is not None:
        answer(log, decision=decision)
    assert isinstance(buy(log, "a"), CapHit)
    assert log.covering_grant(an_offer("a", 100), NOW) is None


@pytest.mark.parametrize(
    "changes", [{"account": "key-2"}, {"base_url": "https://example.com/api"}, {"job_sha256": "b" * 64}]
)
def test_a_grant_is_bound(log: SpendLog, changes: dict[str, Any]) -> None:
    """To its payer, its provider and the very jobs that were shown."""
    granted(log, "a")
    assert isinstance(buy(log, "a", **changes), CapHit)
    assert log.grant_used("gra-1") == Used(Cents(0), 0)


def test_a_run_outside_the_batch_is_not_covered(log: SpendLog) -> None:
    """Though it is the same job."""
    granted(log, "a")
    assert isinstance(buy(log, "outside"), CapHit)


def test_a_job_that_joined_later_is_not_covered(log: SpendLog) -> None:
    """What was shown is what was said yes to: another job needs another question; the same job again does not."""
    granted(log, "a")
    log.add_batched_run(new_run("b", job_sha256="c" * 64), BatchJob("b", "bat-1", 2, ""))
    log.add_batched_run(new_run("a-again"), BatchJob("a-again", "bat-1", 3, ""))
    assert isinstance(buy(log, "b", job_sha256="c" * 64), CapHit)
    assert isinstance(buy(log, "a-again"), Charge)


def test_a_grant_ends(log: SpendLog) -> None:
    """At its time to the microsecond, without anybody's doing."""
    granted(log, "a")
    offer = an_offer("a", 100)
    assert log.covering_grant(offer, NOW + HOUR - timedelta(microseconds=1)) is not None
    assert log.covering_grant(offer, NOW + HOUR) is None


def test_a_grant_is_taken_back(log: SpendLog) -> None:
    """It pays for nothing more; what it paid for stays paid. Once is enough."""
    granted(log, "a", "b")
    assert isinstance(buy(log, "a"), Charge)
    revoked = log.revoke_grant("gra-1", "me", NOW)
    assert (revoked.revoked_by, revoked.revoked_at) == ("me", NOW)
    assert isinstance(buy(log, "b"), CapHit)
    assert log.revoke_grant("gra-1", "another", NOW + HOUR) == revoked
    with pytest.raises(LookupError):
        log.revoke_grant("gra-2", "me", NOW)


@pytest.mark.parametrize("how", ["revoked", "ended"])
def test_what_was_reserved_is_not_sent_once_its_grant_is_gone(log: SpendLog, how: str) -> None:
    """A purchase may wait for its turn after it was reserved: taking the grant back still stops it."""
    granted(log, "a")
    charge = buy(log, "a")
    assert isinstance(charge, Charge)
    if how == "revoked":
        log.revoke_grant("gra-1", "me", NOW)
    at = NOW if how == "revoked" else TERMS.until
    with pytest.raises(NotWanted, match="the grant that was to pay for it"):
        log.submit(charge.charge_id, at, BALANCE, ME)
    log.settle(charge.charge_id, Released("taken back"), NOW)


def test_the_last_yes_is_the_one_that_holds(log: SpendLog) -> None:
    """Two grants of a batch do not add up."""
    granted(log, "a", "b")
    asked(log, grant_id="gra-2")
    assert isinstance(log.decide_grant("gra-2", CODE, Cents(300), Decision.APPROVED, "me", NOW), Grant)
    assert [grant.revoked_by for grant in log.grants("bat-1")] == ["the later gra-2", ""]
    assert isinstance(buy(log, "a", 300), Charge)
    assert isinstance(buy(log, "b", 1), CapHit)


def test_a_code_of_broken_letters_is_wrong(log: SpendLog) -> None:
    """As a terminal gives bytes that are no text; it is counted like any other."""
    batched(log, "a")
    asked(log)
    assert answer(log, code="\udcff") == "the code is wrong"


def test_what_proved_not_to_have_happened_is_given_back(log: SpendLog) -> None:
    """And what is in doubt is not."""
    granted(log, "a", "b", "c", terms=replace(TERMS, pods=2))
    charge = buy(log, "a", 200)
    assert isinstance(charge, Charge)
    log.submit(charge.charge_id, NOW, BALANCE, ME)
    log.settle(charge.charge_id, Unknown("timeout"), NOW)
    assert log.grant_used("gra-1") == Used(Cents(200), 1)
    held = buy(log, "b", 100)
    assert isinstance(held, Charge)
    log.settle(held.charge_id, Released("sold out"), NOW)
    assert log.grant_used("gra-1") == Used(Cents(200), 1)
    assert isinstance(buy(log, "b", 100, attempt=2), Charge)


def test_a_replayed_charge_uses_nothing_twice(log: SpendLog) -> None:
    """One attempt, one charge: a second reservation of it is refused before any grant is looked at."""
    granted(log, "a")
    charge = buy(log, "a")
    assert isinstance(charge, Charge)
    log.submit(charge.charge_id, NOW, BALANCE, ME)
    log.settle(charge.charge_id, Paid(Cents(100), order_of("a")), NOW)
    log.see_order(order_of("a"), "terminated", NOW)
    assert isinstance(log.reserve("again", an_offer("a", 100), ASKING, NOW, None), NotApproved)
    assert log.grant_used("gra-1") == Used(Cents(100), 1)


def test_a_checkout_uses_no_grant(log: SpendLog) -> None:
    """Paying the link is the yes."""
    granted(log, "a")
    assert isinstance(buy(log, "a", rail=Rail.STRIPE), Charge)
    assert log.grant_used("gra-1") == Used(Cents(0), 0)


def test_the_first_answer_counts(log: SpendLog) -> None:
    """A second one is told who answered, and when; a wrong code or amount decides nothing."""
    batched(log, "a")
    asked(log)
    assert answer(log, code="guess") == "the code is wrong"
    assert answer(log, amount=299) == "the grant is for up to $3.00, not for $2.99"
    given = answer(log)
    assert isinstance(given, Grant)
    assert (given.decision, given.decided_by, given.decided_at) == (Decision.APPROVED, "me", NOW)
    assert answer(log, decision=Decision.DENIED) == "already approved by me at 2026-03-15 12:00:00 UTC"
    assert log.decide_grant("gra-2", CODE, Cents(1), Decision.APPROVED, "me", NOW) == "nothing is asked under this id"


def test_ten_wrong_codes_void_the_question(log: SpendLog) -> None:
    """The right one comes too late then."""
    batched(log, "a")
    asked(log)
    for _ in range(10):
        assert answer(log, code="guess") == "the code is wrong"
    assert "too many wrong codes" in str(answer(log))


def test_a_question_expires(log: SpendLog) -> None:
    """A late yes is no yes."""
    batched(log, "a")
    asked(log)
    late = log.decide_grant("gra-1", CODE, Cents(300), Decision.APPROVED, "me", NOW + HOUR)
    assert late == "the question expired at 2026-03-15 13:00:00 UTC"


def test_asking_again_ends_the_question_before(log: SpendLog) -> None:
    """Its code answers nothing any more; a grant that was given stays given."""
    granted(log, "a")
    asked(log, grant_id="gra-2")
    asked(log, grant_id="gra-3")
    decisions = [grant.decision for grant in log.grants("bat-1")]
    assert decisions == [Decision.APPROVED, Decision.SUPERSEDED, None]
    again = log.decide_grant("gra-2", CODE, Cents(300), Decision.APPROVED, "me", NOW)
    assert again == "already superseded at 2026-03-15 12:00:00 UTC"
    assert log.grants("bat-2") == []
    assert log.grants() == log.grants("bat-1")


def test_the_code_goes_to_humans_only(log: SpendLog) -> None:
    """Neither a print nor the history shows it."""
    granted(log, "a")
    assert CODE not in repr(log.grant("gra-1"))
    assert CODE not in repr(NewGrant("gra-1", "bat-1", TERMS, CODE, NOW))
    assert all(CODE not in event.body for event in log.events())


def test_the_offer_alone_says_what_would_be_covered(log: SpendLog) -> None:
    """As `rent` asks before it makes a human's question of it."""
    granted(log, "a")
    offer: Offer = an_offer("a", 300)
    assert log.covering_grant(offer, NOW) == log.grant("gra-1")
    assert log.covering_grant(replace(offer, amount=Cents(301)), NOW) is None
