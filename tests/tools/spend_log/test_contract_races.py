"""Many processes on one store: what holds for one holds for all of them together."""

from policies.charge import ChargeState
from policies.grant import Used
from policies.money import Cents
from tests.tools.spend_log.nights import grant_nights, scheduled
from tests.tools.spend_log.racing import (
    answer,
    begin_the_night,
    buy_for_a_dollar,
    freeze_or_thaw,
    only_open,
    race,
    say_anything,
    submit_own,
    take_the_lease,
    use_the_approval,
    use_the_grant,
)
from tests.tools.spend_log.stores import Store
from tests.tools.spend_log.test_contract_run_grants import granted as granted_run
from tests.tools.spend_log.things import CODE, HOUR, NOW, an_offer, approved, held, new_run, offered
from tools.spend_log.answer_rows import NewRunGrant
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Decision


def test_twelve_processes_never_hold_more_than_the_cap(log: SpendLog, place: Store) -> None:
    """36 orders of $1 on a day's $10: exactly ten are held, no more and, since more were wanted, no fewer."""
    bought = race(place, buy_for_a_dollar, 12)
    assert sum(int(count) for count in bought) == 10
    assert log.usage("x", NOW).day == 1000
    assert len(log.charges(states=[ChargeState.HELD])) == 10
    assert log.broken_chain() is None


def test_an_approval_is_used_once_under_a_race(log: SpendLog, place: Store) -> None:
    """Of four processes that hold the same yes, one buys."""
    approved(log, an_offer())
    assert race(place, use_the_approval, 4) == ["Charge"] + ["refused"] * 3
    (charge,) = log.charges()
    approval = log.approval("run-1")
    assert approval is not None
    assert approval.charge_id == charge.charge_id


def test_no_reason_to_freeze_is_cleared_unread_under_a_race(log: SpendLog, place: Store) -> None:
    """Whoever thaws has read the first reason: a later one stands, and nobody thaws after it."""
    log.freeze("the first", NOW)
    race(place, freeze_or_thaw, 8)
    kinds = [event.kind for event in log.events()]
    assert kinds.count("frozen") == 5
    assert "unfrozen" not in kinds[2:]
    assert log.frozen() is not None


def test_the_first_answer_wins_under_a_race(log: SpendLog, place: Store) -> None:
    """Of four answers, yes and no, one is recorded."""
    log.ask(offered(log, an_offer()), CODE, NOW, NOW + HOUR)
    assert race(place, answer, 4) == ["NotRecorded"] * 3 + ["Recorded"]


def test_the_first_of_any_answers_wins_under_a_race(log: SpendLog, place: Store) -> None:
    """Yes, no, another offer, a grant: one is recorded, the others hear "already …", and the rows say the same."""
    log.ask(offered(log, an_offer()), CODE, NOW, NOW + HOUR)
    assert race(place, say_anything, 8) == ["already"] * 7 + ["recorded"]
    (attempt,) = log.attempts("run-1")
    asked = log.approval("run-1")
    assert len(log.wishes("run-1")) == (attempt.outcome == "superseded") == (asked is None)
    assert len(log.run_grants()) <= (asked is not None and asked.decision is Decision.APPROVED)
    assert log.broken_chain() is None


def test_a_grant_is_used_once_under_a_race(log: SpendLog, place: Store) -> None:
    """Of four processes that hold the same yes to a run, one buys the offer."""
    granted_run(log, NewRunGrant("gra-1", Cents(200), 1, NOW + HOUR))
    assert race(place, use_the_grant, 4) == ["Charge"] + ["refused"] * 3
    assert log.run_grant_used("gra-1") == Used(Cents(147), 1)


def test_one_flight_under_a_race(log: SpendLog, place: Store) -> None:
    """Of four purchases on one key, one is submitted."""
    for number in range(4):
        held(log, an_offer(f"run-{number}", account="k"), charge_id=f"c-{number}")
    assert race(place, submit_own, 4) == ["refused"] * 3 + ["submitting"]


def test_one_driver_under_a_race(log: SpendLog, place: Store) -> None:
    """Of four living processes, one gets the lease."""
    log.add_run(new_run())
    assert race(place, take_the_lease, 4) == ["False"] * 3 + ["True"]


def test_a_night_begins_once_under_a_race(log: SpendLog, place: Store) -> None:
    """Of four workers that a schedule rings for, one begins the night; all hear of its batch, and no other is there."""
    scheduled(log)
    grant_nights(log)
    told = race(place, begin_the_night, 4)
    (batch,) = log.batches()
    assert told == [batch.batch_id] * 4
    assert len(log.runs()) == len(log.grants_of_nights("sta-1")) == 1


def test_a_new_store_is_made_once(unmade: Store) -> None:
    """Six processes that open a store that is not there yet all can; its history has no gap."""
    assert race(unmade, only_open, 6) == ["opened"] * 6
