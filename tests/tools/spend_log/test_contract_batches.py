"""A batch shares one budget, checked where the money is reserved (law 3)."""

from dataclasses import replace

import pytest

from policies.budget import CapHit, Shared
from policies.charge import Paid, Released, Unknown
from policies.money import Cents
from tests.tools.spend_log.things import NOW, WIDE, an_offer, held, new_run, offered, order_of, reserve, settled, spent
from tools.errors import IntentAlreadyOpen
from tools.spend_log.batch_rows import Batch, BatchJob
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge, RunStatus

BATCH = Batch("bat-1", "nightly", Cents(1000), 4, NOW)


def batched(log: SpendLog, *run_ids: str, batch: Batch = BATCH, ceiling: Cents | None = None) -> None:
    """Runs of one batch, each of a job of its own; the batch is added when it is new."""
    if log.batch(batch.batch_id) is None:
        log.add_batch(batch, ())
    for run_id in run_ids:
        position = len(log.batch_jobs(batch.batch_id)) + 1
        run = new_run(run_id, ceiling=ceiling)
        log.add_batched_run(run, BatchJob(run_id, batch.batch_id, position, f"job {position}"))


def test_a_batch_is_kept_with_its_jobs_in_order(log: SpendLog) -> None:
    """A job that is tried again keeps its place, the later run behind the earlier."""
    batched(log, "a", "b")
    log.set_status("a", RunStatus.REFUSED, NOW, reason="", code=3)
    log.add_batched_run(new_run("a2"), BatchJob("a2", "bat-1", 1, "job 1"))

    assert log.batch("bat-1") == BATCH
    assert log.batches() == [BATCH]
    assert [(job.run_id, job.position, job.label) for job in log.batch_jobs("bat-1")] == [
        ("a", 1, "job 1"),
        ("a2", 1, "job 1"),
        ("b", 2, "job 2"),
    ]
    assert log.run("a2") is not None
    assert log.batch_of("b") == BatchJob("b", "bat-1", 2, "job 2")
    assert log.batch_of("outside") is None


@pytest.mark.parametrize("status", [None, RunStatus.SUCCEEDED])
def test_a_job_has_one_run_at_a_time_and_none_after_its_success(log: SpendLog, status: RunStatus | None) -> None:
    """Two that go on with a batch at once start no job twice."""
    batched(log, "a")
    if status is not None:
        log.set_status("a", status, NOW, reason="", code=0)
    with pytest.raises(IntentAlreadyOpen, match="job 1 of bat-1 has a, which is"):
        log.add_batched_run(new_run("a2"), BatchJob("a2", "bat-1", 1, "job 1"))
    assert log.run("a2") is None


def test_a_batch_is_added_with_all_its_runs_or_not_at_all(log: SpendLog) -> None:
    """A second run under one id leaves no trace of the batch."""
    jobs = [(new_run(run_id), BatchJob(run_id, "bat-1", number, "")) for number, run_id in enumerate("aba", 1)]
    with pytest.raises(ValueError, match="there is a run a already"):
        log.add_batch(BATCH, jobs)
    assert log.batches() == []
    assert log.run("a") is None
    log.add_batch(BATCH, jobs[:2])
    assert [job.run_id for job in log.batch_jobs("bat-1")] == ["a", "b"]


def test_an_id_names_one_batch(log: SpendLog) -> None:
    """Taken once; one that is not there is None."""
    batched(log)
    with pytest.raises(ValueError, match="there is a batch bat-1 already"):
        log.add_batch(BATCH, ())
    assert log.batch("bat-2") is None


def test_a_run_that_has_no_place_is_not_there_either(log: SpendLog) -> None:
    """Both or neither: a run outside its budget could be driven by anybody."""
    batched(log, "a")
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        log.add_batched_run(new_run("b"), BatchJob("b", "bat-nowhere", 1, ""))
    with pytest.raises(ValueError, match="b is not c"):
        log.add_batched_run(new_run("b"), BatchJob("c", "bat-1", 2, ""))
    assert log.run("b") is None


def test_all_runs_share_the_budget_to_the_cent(log: SpendLog) -> None:
    """Paid, held and in doubt count alike, of this batch alone; equal to the budget fits, a cent more does not."""
    batched(log, "paid", "held", "doubt", "next")
    settled(log, an_offer("paid", 300, account="k1"), Paid(Cents(300), order_of("paid")))
    held(log, an_offer("held", 200, account="k2"))
    settled(log, an_offer("doubt", 100, account="k3"), Unknown("timeout"))
    settled(log, an_offer("other", 9000, account="k4"), Paid(Cents(9000), order_of("other")))

    assert log.usage("next", NOW).batch == Shared(Cents(600), Cents(1000))
    over = reserve(log, an_offer("next", 401, account="k5"))
    assert isinstance(over, CapHit)
    assert over.cap == "batch_budget_usd"
    assert over.message == (
        "batch_budget_usd = $10.00 for the whole batch: $4.01 more than the $6.00 already counted would be $10.01"
    )
    again = offered(log, an_offer("next", 400, account="k5", attempt=2))
    assert isinstance(log.reserve("c", again, WIDE, NOW, None), Charge)


def test_what_is_released_is_free_again(log: SpendLog) -> None:
    """A purchase that proved not to have happened leaves its money to the others."""
    batched(log, "a", "b")
    charge = held(log, an_offer("a", 1000, account="k1"))
    assert isinstance(reserve(log, an_offer("b", 1000, account="k2")), CapHit)
    log.settle(charge.charge_id, Released("sold out"), NOW)
    again = offered(log, an_offer("b", 1000, account="k2", attempt=2))
    assert isinstance(log.reserve("c", again, WIDE, NOW, None), Charge)


def test_the_other_caps_hold_in_a_batch_too(log: SpendLog) -> None:
    """A budget lowers what may be spent; it raises nothing."""
    batched(log, "a")
    hit = log.reserve("c", offered(log, an_offer("a", 501)), replace(WIDE, per_run=Cents(500)), NOW, None)
    assert isinstance(hit, CapHit)
    assert hit.cap == "per_run_usd"


def test_the_tries_of_a_job_share_its_ceiling_to_the_cent(log: SpendLog) -> None:
    """What an earlier try spent, holds or has in doubt is not there for the next; other jobs have their own."""
    batched(log, "first", "other", batch=replace(BATCH, budget=None), ceiling=Cents(500))
    spent(log, "first", 300)
    spent(log, "other", 400)
    log.set_status("first", RunStatus.FAILED, NOW, reason="", code=5)
    log.add_batched_run(new_run("again", ceiling=Cents(500)), BatchJob("again", "bat-1", 1, "job 1"))

    assert log.usage("again", NOW).job == Shared(Cents(300), Cents(500))
    over = reserve(log, an_offer("again", 201, account="k1"))
    assert isinstance(over, CapHit)
    assert over.message == (
        "job_budget_usd = $5.00 for all tries of this job: $2.01 more than the $3.00 already counted would be $5.01"
    )
    fits = offered(log, an_offer("again", 200, account="k1", attempt=2))
    assert isinstance(log.reserve("c", fits, WIDE, NOW, None), Charge)
    assert log.usage("first", NOW).job == Shared(Cents(500), Cents(500))


@pytest.mark.parametrize("run_id", ["a", "alone", ""])
def test_without_a_budget_nothing_is_shared(log: SpendLog, run_id: str) -> None:
    """A batch without one, a run outside any, and no run at all."""
    batched(log, "a", batch=replace(BATCH, budget=None))
    log.add_run(new_run("alone"))
    assert (log.usage(run_id, NOW).batch, log.usage(run_id, NOW).job) == (None, None)
