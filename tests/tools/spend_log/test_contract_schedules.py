"""A schedule is kept as it was added, and each of its nights comes once."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from policies.charge import Paid
from policies.money import Cents
from tests.tools.spend_log.nights import DAY, SCHEDULE, begin, end, grant_nights, new_night, scheduled
from tests.tools.spend_log.things import HOUR, NOW, an_offer, new_run, order_of, settled
from tools.spend_log.batch_rows import Batch, BatchJob
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import RunStatus
from tools.spend_log.schedule_rows import Came, Night


def nothing(number: int, came: Came = Came.MISSED, why: str = "no worker ran") -> Night:
    """A night that begins nothing."""
    new = new_night(number)
    return Night("sch-1", new.night, new.due_at, NOW, came, why, "")


def kinds(log: SpendLog) -> list[str]:
    return [event.kind for event in log.events()]


def waits_for_its_human(log: SpendLog, run_id: str) -> None:
    log.set_status(run_id, RunStatus.WAITING_FOR_HUMAN, NOW, reason="approval", code=None)


# schedules


def test_a_schedule_is_kept_as_it_was_added(log: SpendLog, reopen: Callable[[], SpendLog]) -> None:
    """Every field, for other processes too; the oldest first; an id is taken once."""
    bare = replace(SCHEDULE, schedule_id="sch-2", sources=(), ignored=(), budget=None, outputs="")
    log.add_schedule(SCHEDULE)
    log.add_schedule(bare)
    assert reopen().schedules() == [SCHEDULE, bare]
    assert log.schedule("sch-2") == bare
    assert log.schedule("sch-3") is None
    with pytest.raises(ValueError, match="there is a schedule sch-1 already"):
        log.add_schedule(SCHEDULE)


def test_a_paused_schedule_begins_no_night(log: SpendLog) -> None:
    """Pausing it again changes nothing; what is due meanwhile is noted, and has no batch."""
    scheduled(log)
    paused = log.pause_schedule("sch-1", NOW)
    assert (paused.paused_at, paused.rests) == (NOW, True)
    assert log.pause_schedule("sch-1", NOW + HOUR) == paused
    came = begin(log, 1, "a")
    assert (came.came, came.why, came.batch_id) == (Came.SKIPPED, "the schedule rests", "")
    assert (log.batches(), log.run("a")) == ([], None)


def test_a_schedule_goes_on(log: SpendLog) -> None:
    """Nights count from then on; one that was not paused counts from where it did."""
    scheduled(log)
    assert log.go_on_with_schedule("sch-1", NOW) == SCHEDULE
    log.pause_schedule("sch-1", NOW)
    went_on = log.go_on_with_schedule("sch-1", NOW + HOUR)
    assert went_on == replace(SCHEDULE, counts_from=NOW + HOUR)
    assert begin(log, 1, "a").came is Came.BEGUN
    assert kinds(log)[:3] == ["schedule_added", "schedule_paused", "schedule_goes_on"]


@pytest.mark.parametrize("paused", [False, True])
def test_a_removed_schedule_stays_so(log: SpendLog, *, paused: bool) -> None:
    """It is listed no more, its history is there, and neither a pause nor going on bring it back."""
    scheduled(log)
    if paused:
        log.pause_schedule("sch-1", NOW)
    removed = log.remove_schedule("sch-1", NOW)
    assert (removed.removed_at, removed.rests, log.schedules()) == (NOW, True, [])
    assert log.pause_schedule("sch-1", NOW + HOUR) == removed
    assert log.go_on_with_schedule("sch-1", NOW + HOUR) == removed
    assert log.remove_schedule("sch-1", NOW + HOUR) == removed
    assert log.schedule("sch-1") == removed
    assert begin(log, 1, "a").why == "the schedule rests"


def test_a_night_that_is_under_way_goes_on_without_its_schedule(log: SpendLog) -> None:
    """Its runs are there to be driven."""
    scheduled(log)
    begin(log, 1, "a")
    log.remove_schedule("sch-1", NOW)
    assert [run.run_id for run in log.unended("bat-1")] == ["a"]
    assert log.night_under_way("sch-1") == "2026-03-16T12:00"


def test_a_schedule_that_is_not_there_is_named(log: SpendLog) -> None:
    """Whatever was to be done with it."""
    for change in (log.pause_schedule, log.go_on_with_schedule, log.remove_schedule):
        with pytest.raises(LookupError, match="no schedule sch-1"):
            change("sch-1", NOW)
    with pytest.raises(LookupError, match="no schedule sch-1"):
        begin(log, 1, "a")
    assert log.batches() == []


# nights


def test_what_came_of_a_night_is_written_once(log: SpendLog) -> None:
    """Whoever comes later is told what came of it already, and begins nothing."""
    scheduled(log)
    missed = nothing(1)
    assert log.record_night(missed) == missed
    assert log.record_night(nothing(1, Came.FAILED, "no such file")) == missed
    assert begin(log, 1, "a") == missed
    assert log.night("sch-1", missed.night) == missed
    assert (log.batches(), kinds(log)) == ([], ["schedule_added", "night"])


def test_the_latest_nights_come_first(log: SpendLog) -> None:
    """By when they were due, not by when they were written down; so many as were asked for, of this schedule."""
    scheduled(log)
    scheduled(log, "sch-2")
    log.record_night(nothing(2))
    log.record_night(nothing(1))
    log.record_night(replace(nothing(3), schedule_id="sch-2"))
    assert log.nights("sch-1") == [nothing(2)]
    assert log.nights("sch-1", limit=5) == [nothing(2), nothing(1)]
    assert log.night("sch-2", nothing(1).night) is None


def test_a_night_begins_its_batch_once(log: SpendLog) -> None:
    """The batch, its runs in their order, and what came of it; a second call brings another batch and leaves it."""
    scheduled(log)
    new = new_night(1, "a", "b")
    begun = log.begin_night(new, NOW + HOUR)
    assert begun == Night("sch-1", new.night, NOW + DAY, NOW + HOUR, Came.BEGUN, "", "bat-1")
    again = replace(new_night(2, "c"), night=new.night)
    assert log.begin_night(again, NOW + 2 * HOUR) == begun
    assert log.record_night(nothing(1)) == begun
    assert [batch.batch_id for batch in log.batches()] == ["bat-1"]
    assert [job.run_id for job in log.batch_jobs("bat-1")] == ["a", "b"]
    assert log.run("c") is None
    assert log.broken_chain() is None


def test_a_night_begins_whole_or_not_at_all(log: SpendLog) -> None:
    """A second run under one id leaves neither batch, nor run, nor night, nor a night of the grant used up."""
    scheduled(log)
    grant_nights(log)
    head = log.chain_head()
    with pytest.raises(ValueError, match="there is a run a already"):
        begin(log, 1, "a", "a")
    assert (log.batches(), log.run("a"), log.nights("sch-1")) == ([], None, [])
    assert (log.grants_of_nights("sta-1"), log.chain_head()) == ([], head)
    assert begin(log, 1, "a").came is Came.BEGUN


def test_a_night_is_skipped_while_another_is_under_way(log: SpendLog) -> None:
    """Of this schedule alone, to the last of its runs; what was skipped is over, later nights begin."""
    scheduled(log)
    scheduled(log, "sch-2")
    begin(log, 1, "a", "b")
    end(log, "a")
    skipped = begin(log, 2, "c")
    assert skipped.came is Came.SKIPPED
    assert skipped.why == "the night of 2026-03-16T12:00 was still under way"
    assert begin(log, 3, "d", schedule_id="sch-2").came is Came.BEGUN
    end(log, "b")
    assert log.night_under_way("sch-1") == ""
    assert begin(log, 2, "c") == skipped
    assert begin(log, 4, "e").came is Came.BEGUN


@pytest.mark.parametrize(
    ("cancelled", "bought", "is_over"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_what_is_to_be_cancelled_and_bought_nothing_keeps_no_night_waiting(
    log: SpendLog, *, cancelled: bool, bought: bool, is_over: bool
) -> None:
    """One that may still buy is under way, and so is one whose pod is not gone."""
    scheduled(log)
    begin(log, 1, "a")
    waits_for_its_human(log, "a")
    if bought:
        settled(log, an_offer("a"), Paid(Cents(147), order_of("a")))
    if cancelled:
        log.request_cancel("a", NOW, "the next night")
    assert (log.night_under_way("sch-1") == "") is is_over
    assert (begin(log, 2, "b").came is Came.BEGUN) is is_over


def test_open_nights_are_those_with_runs_to_drive(log: SpendLog) -> None:
    """The oldest first; neither ended ones, nor batches that somebody submitted by hand."""
    scheduled(log)
    scheduled(log, "sch-2")
    log.add_batch(Batch("by-hand", "mine", None, 1, NOW), [(new_run("x"), BatchJob("x", "by-hand", 1, ""))])
    begin(log, 2, "b", "c", schedule_id="sch-2")
    begin(log, 1, "a")
    assert [batch.batch_id for batch in log.open_nights("home-1")] == ["bat-2", "bat-1"]
    assert log.open_nights("home-1")[1] == new_night(1).batch
    end(log, "a", "b")
    assert [batch.batch_id for batch in log.open_nights("home-1")] == ["bat-2"]
    assert log.open_nights("home-2") == []


def test_the_unended_runs_of_a_batch_in_the_order_of_its_jobs(log: SpendLog) -> None:
    """Whatever the order in which they came; a job that is tried again keeps its place."""
    scheduled(log)
    begin(log, 1, "a", "b", "c")
    end(log, "b")
    log.set_status("a", RunStatus.REFUSED, NOW, reason="", code=3)
    log.add_batched_run(new_run("a2"), BatchJob("a2", "bat-1", 1, ""))
    assert [run.run_id for run in log.unended("bat-1")] == ["a2", "c"]
    assert log.unended("") == []
