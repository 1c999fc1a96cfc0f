"""Workers that share a PostgreSQL: many runs, workers that die in the middle, and one purse for all of them."""

import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.machines import Machine, machine
from tests.e2e.swineherd import Started, Swineherd, ended, wait_for, write_job
from tests.e2e.test_another_pod import ask
from tests.e2e.test_workers import SUBMIT, submitted
from tests.fixtures_postgres import database, postgres, ready
from tests.postgres import PASSWORD, Cluster
from tools.spend_log.postgres.log import PostgresSpendLog
from tools.spend_log.rows import ENDED, RunStatus

__all__ = ["database", "machine", "postgres", "ready"]

pytestmark = pytest.mark.timeout(900)

RUNS, AFFORDED, CENTS = 200, 150, 20
"""So many runs, and a day's cap for so many of them at the price of one."""

BETWEEN = "0.15"
"""Seconds between two that are submitted: about as fast as one purchase after the other can be made."""

LONG = 300.0
"""Seconds that each part of it may take on a busy machine."""

OF_TURNS = "another purchase on this API key has not settled"
"""Why a run ends that was not let to buy for long, as may be after a worker was killed in the middle of a purchase."""


@contextmanager
def store(postgres: Cluster, database: str, folder: Path) -> Iterator[PostgresSpendLog]:
    """The spend log, as one more machine has it."""
    folder.mkdir(mode=0o700)
    with closing(PostgresSpendLog.open(postgres.url(database), folder / "orders.jsonl")) as log:
        yield log


def light_worker(herd: Swineherd, marks: Path) -> Started:
    """A worker whose pods are files."""
    return herd.start(marks, command=(sys.executable, "-m", "tests.e2e.light_worker"))


def bought(log: PostgresSpendLog) -> int:
    """Orders that were paid for."""
    return len(log.orders())


def assert_one_purse(log: PostgresSpendLog, books: dict[str, Any]) -> None:
    """No run is paid for twice, both books say the same, and the cap is used up to the last cent."""
    totals = log.totals()
    assert (totals.held, totals.in_doubt, totals.spent) == (0, 0, AFFORDED * CENTS)
    assert books["total_spent"] == totals.spent
    assert {(one["kind"], one["cents"]) for one in books["debits"]} == {("rent", CENTS)}
    known = Counter(order.run_id for order in log.orders())
    assert set(known.values()) == {1}
    # Killed between a purchase and its answer, a worker leaves a pod that nobody can know, and its money counted.
    unheard = {one["order_id"] for one in books["orders"]} - {order.order_id for order in log.orders()}
    assert len(unheard) <= 1
    assert len(known) + len(unheard) == AFFORDED
    assert {one["status"] for one in books["orders"] if one["order_id"] not in unheard} == {"terminated"}
    assert log.broken_chain() is None


def test_two_hundred_runs_and_workers_that_die(
    machine: Machine, postgres: Cluster, database: str, tmp_path: Path
) -> None:
    """Runs come in, and two workers drive them. In the middle of it one is killed and another one begins; later the
    other is told to end. Every run ends, none is paid for twice, and exactly what the day's cap affords is bought.
    """
    herd = machine("here", per_day=f"{AFFORDED * CENTS / 100:.2f}", pods=RUNS)
    marks = tmp_path / "marks"
    marks.mkdir()
    ask(herd, "/_sandbox/settings", {"credits_purchased": 2 * AFFORDED * CENTS})
    with ExitStack() as stack:
        log = stack.enter_context(store(postgres, database, tmp_path / "watching"))
        job = write_job(tmp_path, "true", outputs=["out.txt"])
        submitting = stack.enter_context(ended(herd.start("real", job, str(RUNS), BETWEEN, command=SUBMIT)))
        workers = [stack.enter_context(ended(light_worker(herd, marks))) for _ in range(2)]
        wait_for(lambda: bought(log) >= AFFORDED // 4, "a quarter of the purchases", LONG)
        workers[0].send(signal.SIGKILL)
        workers.append(stack.enter_context(ended(light_worker(herd, marks))))
        wait_for(lambda: bought(log) >= AFFORDED // 2, "half of the purchases", LONG)
        assert len({lease.holder.pid for lease in log.leases()} & {one.process.pid for one in workers[1:]}) > 0
        workers[1].send(signal.SIGTERM)
        assert workers[1].done(60).code == 0, workers[1].said()
        run_ids = submitting.done(LONG).stdout.split()
        wait_for(lambda: sum(log.count_runs().get(status, 0) for status in ENDED) == RUNS, "the end of all", LONG)
        workers[2].send(signal.SIGTERM)
        assert workers[2].done(60).code == 0, workers[2].said()

        assert_one_purse(log, herd.books())
        came = log.count_runs()
        assert came[RunStatus.REFUSED] == RUNS - AFFORDED, came
        assert came[RunStatus.SUCCEEDED] >= AFFORDED - 1, came
        refused = {run.reason.partition(" = ")[0] for run in log.runs() if run.status is RunStatus.REFUSED}
        assert "per_day_usd" in refused
        assert all(reason == "per_day_usd" or reason.startswith(OF_TURNS) for reason in refused), refused
        assert len(list(marks.iterdir())) == came[RunStatus.SUCCEEDED]
        succeeded = {run.run_id for run in log.runs() if run.status is RunStatus.SUCCEEDED}
        here = herd.home / "runs"
        assert {run_id for run_id in run_ids if (here / run_id / "outputs" / "out.txt").exists()} == succeeded
        assert log.workers() == []
    assert PASSWORD not in "".join(worker.said() for worker in workers)


def test_each_home_has_workers_of_its_own(machine: Machine, postgres: Cluster, database: str, tmp_path: Path) -> None:
    """A worker leaves the runs of another home to that one's, whose files they need; each brings its results there."""
    here, there = machine("here"), machine("there")
    job = write_job(tmp_path, "echo done > out.txt", outputs=["out.txt"])
    with store(postgres, database, tmp_path / "watching") as log, ExitStack() as stack:
        (mine,), (theirs,) = submitted(here, job, 1, "real"), submitted(there, job, 1, "real")
        workers = [stack.enter_context(ended(there.start("worker")))]
        wait_for(lambda: (run := log.run(theirs)) and run.status in ENDED, "the end of theirs")
        left = log.run(mine)
        assert left is not None
        assert left.started_at is None
        assert f"nobody drives {mine}" in here.run("ps").text
        workers.append(stack.enter_context(ended(here.start("serve", "--port", "0"))))
        wait_for(lambda: (run := log.run(mine)) and run.status in ENDED, "the end of mine")
        for worker in workers:
            worker.send(signal.SIGTERM)
        assert [worker.done(60).code for worker in workers] == [0, 0], [worker.said() for worker in workers]
        for machine_, run_id in ((here, mine), (there, theirs)):
            assert (machine_.home / "runs" / run_id / "outputs" / "out.txt").read_text() == "done\n"
            machine_.assert_gone(machine_.show(run_id))
    assert PASSWORD not in "".join(worker.said() for worker in workers)
