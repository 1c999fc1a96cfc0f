"""Workers as processes of their own: they stand in for each other, pay nothing twice, and end when they are told to."""

import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.e2e.swineherd import Gate, Started, Swineherd, ended, wait_for, write_job
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.port import NotRecorded, Recorded
from tools.spend_log.rows import ENDED, Decision

pytestmark = pytest.mark.timeout(150)

MANY = '[budget]\nmax_open_pods = 20\n[payment]\nrails = ["credits"]\n[network]\nmax_requests_per_second = 50\n'
"""Room for many pods and requests; every credit is asked for."""

UNASKED = MANY.replace("[payment]\n", '[payment]\nauto_pay_usd = "5.00"\nauto_pay_per_day_usd = "50.00"\n')

DRAINS_WITHIN = 10.0
"""Seconds: five to let go of its runs, the rest for a process to end on a busy machine."""


@contextmanager
def store(herd: Swineherd) -> Iterator[SqliteSpendLog]:
    """The sandbox's spend log, as one more process has it."""
    with closing(SqliteSpendLog.open(herd.home / "sandbox" / "spend.db")) as log:
        yield log


SUBMIT = (sys.executable, "-m", "tests.e2e.submit")


def submitted(herd: Swineherd, job: Path, how_many: int, where: str = "sandbox") -> list[str]:
    """Runs that nobody drives."""
    done = herd.start(where, job, str(how_many), command=SUBMIT).done()
    assert done.code == 0, done.text
    return done.stdout.split()


def drivers(log: SqliteSpendLog) -> Counter[int]:
    """How many runs each process drives."""
    return Counter(lease.holder.pid for lease in log.leases())


def drives_all(log: SqliteSpendLog, worker: Started, run_ids: list[str]) -> None:
    """Wait until one worker drives every run; where that is in vain, say what is known of those it does not drive."""
    try:
        wait_for(lambda: drivers(log) == {worker.process.pid: len(run_ids)})
    except AssertionError as error:
        driven = {lease.run_id for lease in log.leases() if lease.holder.pid == worker.process.pid}
        left = [(log.run(run_id), log.parked(run_id), log.events(run_id)[-8:]) for run_id in {*run_ids} - driven]
        raise AssertionError(f"not driven: {left}\n{worker.said()}") from error


def taken_over(worker: Started) -> list[tuple[str, int]]:
    """The runs that a worker says it took over, and from which process."""
    said = [json.loads(line) for line in worker.said().splitlines() if '"taken over"' in line]
    return [(line["run_id"], line["from_pid"]) for line in said]


def answer_twice(log: SqliteSpendLog, run_id: str) -> None:
    """Two faces send the same yes."""
    asked = log.approval(run_id)
    assert asked is not None
    said = [
        log.decide(run_id, asked.code, asked.offer.amount, Decision.APPROVED, "test", asked.created_at)
        for _ in range(2)
    ]
    assert [type(one) for one in said] == [Recorded, NotRecorded]


def assert_drained(worker: Started, since: float) -> None:
    """It let go of everything in five seconds and ended by itself; all it said is JSON without a warning."""
    done = worker.done(DRAINS_WITHIN)
    assert done.code == 0, done.text
    assert time.monotonic() - since < DRAINS_WITHIN
    said = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    (began,) = [line for line in said if line["event"] == "draining"]
    assert said[-1]["event"] == "ended", done.text
    took = datetime.fromisoformat(said[-1]["timestamp"]) - datetime.fromisoformat(began["timestamp"])
    assert took <= timedelta(seconds=5)
    assert all(line["level"] == "info" for line in said), done.text


def assert_home(herd: Swineherd, log: SqliteSpendLog, run_ids: list[str], whole_log: bytes) -> None:
    """Each run succeeded, was paid for once in both books, and has its whole log and its outputs; no pod is left."""
    for run_id in run_ids:
        run = log.run(run_id)
        assert run is not None
        assert run.code == 0, (run_id, run.status, run.reason)
        (order,) = log.orders(run_id)
        (charge,) = log.charges(run_id)
        document = {"order_ids": [order.order_id]}
        assert herd.debits(document) == [(order.order_id, "credits", charge.amount)]
        assert herd.log(run_id) == whole_log
        assert (herd.folder(run_id) / "outputs" / "out.txt").read_text() == "done\n"
        herd.assert_gone(document)
    assert {order["status"] for order in herd.books()["orders"]} == {"terminated"}
    assert herd.books()["total_spent"] == log.totals().spent
    assert log.broken_chain() is None


def test_workers_stand_in_for_each_other(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """Eight runs on two workers, every yes sent twice. In the middle of the jobs one is killed: the other takes over
    what it drove. That one is told to end: it lets go in time, and a third one goes on. Every job began once, every
    run was paid for once, and every log is whole.
    """
    asking = herd.policy(MANY)
    counted = f"echo begun >> '{tmp_path}/begun'; " + "seq 1 500"
    job = write_job(tmp_path, gate.script(counted, "seq 501 1000; echo done > out.txt"), outputs=["out.txt"])
    run_ids = submitted(asking, job, 8)
    with ExitStack() as stack:
        log = stack.enter_context(store(asking))
        first, second = [stack.enter_context(ended(asking.start("worker", "--sandbox"))) for _ in range(2)]
        wait_for(lambda: all(log.approval(run_id) and log.parked(run_id) for run_id in run_ids), "eight questions")
        by_command = log.approval(run_ids[0])
        assert by_command is not None
        assert "nobody drives" not in asking.run("ps").text
        said = asking.run("approve", run_ids[0], "--code", by_command.code, "--amount", "0.20")
        assert said.stdout == f"{run_ids[0]}: approved\n", said.text
        for run_id in run_ids[1:]:
            answer_twice(log, run_id)
        wait_for((tmp_path / "begun").exists, "the first job")
        wait_for(lambda: (tmp_path / "begun").read_text().count("begun") == 8, "eight jobs")
        assert set(drivers(log)) <= {first.process.pid, second.process.pid}

        killed, other = sorted((first, second), key=lambda one: -drivers(log)[one.process.pid])
        assert drivers(log)[killed.process.pid] > 0
        killed.send(signal.SIGKILL)
        drives_all(log, other, run_ids)

        third = stack.enter_context(ended(asking.start("worker", "--sandbox")))
        third.until_said('"working"')
        told = time.monotonic()
        other.send(signal.SIGTERM)
        assert_drained(other, told)
        drives_all(log, third, run_ids)

        gate.open()
        wait_for(lambda: all((run := log.run(run_id)) and run.status in ENDED for run_id in run_ids), "the end of all")
        told = time.monotonic()
        third.send(signal.SIGTERM)
        assert_drained(third, told)
        assert (tmp_path / "begun").read_text().count("begun") == 8
        assert_home(asking, log, run_ids, "".join(f"{number}\n" for number in range(1, 1001)).encode())
        assert log.workers() == []


def test_a_foreground_run_is_its_own_until_it_dies(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """`serve` is ready, answers loopback alone, and leaves a run of the foreground to it; when that is killed, it goes
    on at the right byte of the log.
    """
    unasked = herd.policy(UNASKED)
    job = write_job(tmp_path, gate.script("seq 1 500", "seq 501 1000; echo done > out.txt"), outputs=["out.txt"])
    with ended(unasked.start("serve", "--sandbox", "--port", "0")) as serving:
        (line,) = [line for line in serving.until_said('"serving"').splitlines() if '"serving"' in line]
        address = json.loads(line)["address"]
        wait_for(lambda: httpx.get(f"{address}/readyz").status_code == 200, "readiness")
        assert httpx.get(f"{address}/healthz", headers={"Host": "evil.example"}).status_code == 400
        with ended(unasked.start("run", job, "--sandbox", "--json")) as running, store(unasked) as log:
            gate.reached()
            run_id = running.run_id
            time.sleep(2)  # as long as a worker takes, several times over, to find what nobody drives
            assert drivers(log) == {running.process.pid: 1}
            running.send(signal.SIGKILL)
            wait_for(lambda: drivers(log) == {serving.process.pid: 1}, "the worker to take over")
            assert 'swineherd_runs{status="active"} 1.0' in httpx.get(f"{address}/metrics").text
            gate.open()
            wait_for(lambda: (run := log.run(run_id)) and run.status in ENDED, "the end")
            (order,) = log.orders(run_id)
            assert order.order_id not in serving.said()
        assert (run_id, running.process.pid) in taken_over(serving)
        told = time.monotonic()
        serving.send(signal.SIGINT)
        assert_drained(serving, told)
    result = herd.show(run_id)
    assert (result["status"], len(herd.debits(result))) == ("succeeded", 1)
    assert herd.log(run_id) == "".join(f"{number}\n" for number in range(1, 1001)).encode()
    herd.assert_gone(result)
