"""What a process that drives many runs asks: what is due, what is adrift, who holds what, and who lives."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policies.money import Cents
from tests.tools.spend_log.test_contract_batches import batched
from tests.tools.spend_log.things import CODE, HOUR, ME, NOW, OTHER, an_offer, new_run, offered
from tools.spend_log.port import Recorded, SpendLog
from tools.spend_log.rows import Awaited, Decision, Holder, Parked, RunStatus, Worker

MINUTE = timedelta(minutes=1)
FAR = NOW + 1000 * HOUR
"""A horizon beyond which nothing lies."""


def alive(_: Holder) -> bool:
    return True


def park(log: SpendLog, run_id: str, awaited: Awaited, next_look: timedelta, until: timedelta = HOUR) -> Parked:
    """A run of its own, parked ten minutes ago."""
    if log.run(run_id) is None:
        log.add_run(new_run(run_id))
    row = Parked(run_id, awaited, "", "", f"at-{run_id}", NOW - 10 * MINUTE, NOW + until, NOW + next_look, 0)
    log.park(row)
    return row


def due(log: SpendLog, limit: int = 100) -> list[str]:
    return [row.run_id for row in log.due(NOW, FAR, limit)]


def test_what_is_due_is_what_has_come(log: SpendLog) -> None:
    """A look in the future is none; the longest overdue comes first, and no more than were asked for."""
    park(log, "later", Awaited.DEPLOY, MINUTE)
    park(log, "now", Awaited.DEPLOY, timedelta(0))
    park(log, "long-ago", Awaited.GONE, -MINUTE)
    assert due(log) == ["long-ago", "now"]
    assert due(log, limit=1) == ["long-ago"]


def test_due_rows_are_whole(log: SpendLog) -> None:
    """Every field comes back."""
    row = park(log, "run-1", Awaited.PAYMENT, -MINUTE)
    assert log.due(NOW, FAR, 1) == [row]


def test_deadlines_and_humans_come_first(log: SpendLog) -> None:
    """However long the others have been overdue."""
    park(log, "overdue", Awaited.DEPLOY, -5 * MINUTE)
    park(log, "deadline", Awaited.DEPLOY, timedelta(0), until=timedelta(0))
    park(log, "human", Awaited.HUMAN, -MINUTE)
    assert due(log) == ["human", "deadline", "overdue"]


def test_a_leased_run_is_not_due(log: SpendLog) -> None:
    """Whoever holds it looks after it."""
    park(log, "run-1", Awaited.DEPLOY, -MINUTE)
    log.take_lease("run-1", ME, NOW, 60, alive)
    assert due(log) == []
    log.release_lease("run-1", ME)
    assert due(log) == ["run-1"]


def test_a_look_beyond_the_horizon_has_come(log: SpendLog) -> None:
    """The clock was set back since it was noted; a human's may be as far away as their deadline."""
    park(log, "payment", Awaited.PAYMENT, 2 * HOUR)
    park(log, "human", Awaited.HUMAN, 2 * HOUR)
    assert [row.run_id for row in log.due(NOW, NOW + HOUR, 10)] == ["payment"]


def test_a_decision_is_due_before_all_others(log: SpendLog) -> None:
    """Though the next look at its run was to be at the deadline."""
    asked = log.ask(offered(log, an_offer()), CODE, NOW, NOW + HOUR)
    park(log, "run-1", Awaited.HUMAN, HOUR)
    park(log, "overdue", Awaited.DEPLOY, -9 * MINUTE)
    assert due(log) == ["overdue"]
    said = log.decide("run-1", CODE, asked.offer.amount, Decision.APPROVED, "me", NOW)
    assert isinstance(said, Recorded)
    assert due(log) == ["run-1", "overdue"]


def test_no_decision_no_look(log: SpendLog) -> None:
    """A wrong code or another amount wakes nobody."""
    asked = log.ask(offered(log, an_offer()), CODE, NOW, NOW + HOUR)
    park(log, "run-1", Awaited.HUMAN, HOUR)
    log.decide("run-1", "WRONG", asked.offer.amount, Decision.APPROVED, "me", NOW)
    log.decide("run-1", CODE, Cents(1), Decision.APPROVED, "me", NOW)
    assert due(log) == []


@pytest.mark.parametrize(
    ("awaited", "woken"), [(one, one not in {Awaited.HOST, Awaited.GONE, Awaited.DOUBT}) for one in Awaited]
)
def test_a_cancel_is_due_at_once(log: SpendLog, awaited: Awaited, *, woken: bool) -> None:
    """But for what goes on for a while after a cancel."""
    park(log, "run-1", awaited, HOUR)
    log.request_cancel("run-1", NOW, "me")
    assert due(log) == (["run-1"] if woken else [])


def test_adrift_is_what_nobody_holds_and_nothing_wakes(log: SpendLog) -> None:
    """New runs and those that were let go, oldest first; not parked, leased or ended ones."""
    for run_id in ("new", "let-go", "leased", "ended"):
        log.add_run(new_run(run_id))
    log.enter_step("let-go", "run_job", NOW)
    park(log, "parked", Awaited.DEPLOY, HOUR)
    log.take_lease("leased", ME, NOW, 60, alive)
    log.set_status("ended", RunStatus.FAILED, NOW, reason="", code=1)
    assert log.adrift(10) == ["new", "let-go"]
    assert log.adrift(1) == ["new"]


def test_what_waits_in_a_batch_is_not_adrift(log: SpendLog) -> None:
    """It would be driven beside its turn; one that had begun, or is to be cancelled, is like any other."""
    batched(log, "waits", "begun", "cancelled")
    log.enter_step("begun", "intake", NOW)
    log.request_cancel("cancelled", NOW, "me")
    assert log.adrift(10) == ["begun", "cancelled"]


def test_a_run_left_to_its_human_is_not_adrift(log: SpendLog) -> None:
    """Until it is to be cancelled."""
    log.add_run(new_run())
    log.set_status("run-1", RunStatus.WAITING_FOR_HUMAN, NOW, reason="HF_TOKEN is not set", code=4)
    assert log.adrift(10) == []
    log.request_cancel("run-1", NOW, "me")
    assert log.adrift(10) == ["run-1"]


def test_every_lease_is_listed(log: SpendLog) -> None:
    """With its holder and its times."""
    for run_id, holder in (("a", ME), ("b", OTHER)):
        log.add_run(new_run(run_id))
        log.take_lease(run_id, holder, NOW, 60, alive)
    assert log.leases() == [log.lease("a"), log.lease("b")]


def test_a_home_is_asked_for_its_own_runs(log: SpendLog) -> None:
    """What is due, adrift or leased; those of another home, and those of which no home is known, are left out."""
    for home in ("home-a", "home-b", ""):
        for kind in ("due", "adrift", "leased"):
            log.add_run(new_run(f"{kind}-{home}", home=home))
        park(log, f"due-{home}", Awaited.DEPLOY, -MINUTE)
        log.take_lease(f"leased-{home}", ME, NOW, 60, alive)
    assert [row.run_id for row in log.due(NOW, FAR, 1, "home-b")] == ["due-home-b"]
    assert log.adrift(1, "home-b") == ["adrift-home-b"]
    assert [lease.run_id for lease in log.leases("home-b")] == ["leased-home-b"]
    assert (len(due(log)), len(log.adrift(10)), len(log.leases())) == (3, 3, 3)


def test_a_run_of_no_home_is_adopted_once(log: SpendLog) -> None:
    """By whoever has its files; it never moves, and what has ended is left alone."""
    for run_id, home in (("old", ""), ("other", ""), ("ended", ""), ("has-one", "home-a")):
        log.add_run(new_run(run_id, home=home))
    log.set_status("ended", RunStatus.FAILED, NOW, reason="", code=1)
    assert log.homeless() == ["old", "other"]
    log.adopt(["old"], "home-a", NOW)
    log.adopt(["old", "has-one"], "home-b", NOW)
    assert [log.home_of(run_id) for run_id in ("old", "other", "has-one")] == ["home-a", "", "home-a"]
    assert log.homeless() == ["other"]
    assert [event.kind for event in log.events("old")] == ["run_added", "adopted"]


def test_runs_are_counted_by_status(log: SpendLog) -> None:
    """A status that no run has is left out."""
    assert log.count_runs() == {}
    for run_id in ("a", "b", "c"):
        log.add_run(new_run(run_id))
    log.set_status("c", RunStatus.SUCCEEDED, NOW, reason="", code=0)
    assert log.count_runs() == {RunStatus.QUEUED: 2, RunStatus.SUCCEEDED: 1}


def test_a_worker_is_listed_while_it_is_not_retired(log: SpendLog) -> None:
    """With its last beat; a twin with another start time is another worker."""
    twin = replace(ME, started="else")
    for holder, at in ((ME, NOW), (twin, NOW), (ME, NOW + MINUTE)):
        log.beat(holder, at, "home-a" if holder == ME else "")
    assert log.workers() == [Worker(ME, NOW + MINUTE, "home-a"), Worker(twin, NOW)]
    log.retire(ME)
    log.retire(OTHER)
    assert log.workers() == [Worker(twin, NOW)]
