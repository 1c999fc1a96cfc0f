"""Many processes on one store: what holds for one holds for all of them together."""

from policies.charge import ChargeState
from tests.tools.spend_log.nights import grant_nights, scheduled
from tests.tools.spend_log.racing import (
    answer,
    begin_the_night,
    buy_for_a_dollar,
    only_open,
    race,
    submit_own,
    take_the_lease,
    use_the_approval,
)
from tests.tools.spend_log.stores import Store
from tests.tools.spend_log.things import CODE, HOUR, NOW, an_offer, approved, held, new_run, offered
from tools.spend_log.port import SpendLog


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


def test_the_first_answer_wins_under_a_race(log: SpendLog, place: Store) -> None:
    """Of four answers, yes and no, one is recorded."""
    log.ask(offered(log, an_offer()), CODE, NOW, NOW + HOUR)
    assert race(place, answer, 4) == ["NotRecorded"] * 3 + ["Recorded"]


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
