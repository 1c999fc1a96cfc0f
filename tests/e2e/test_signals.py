"""Signals to a run that has no terminal: the job is stopped, what is there comes home, the pod is ended."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.swineherd import Document, Gate, Swineherd, ended, pod_processes, wait_for, write_job

pytestmark = pytest.mark.timeout(120)


def the_one_pod(herd: Swineherd, status: str) -> Document:
    """The order in the books that has this status."""
    (order,) = [order for order in herd.books()["orders"] if order["status"] == status]
    assert isinstance(order, dict)
    return order


def driver_of(herd: Swineherd) -> list[int]:
    """The processes that drive a run."""
    with closing(sqlite3.connect(herd.home / "sandbox" / "spend.db", timeout=30)) as store:
        return [pid for (pid,) in store.execute("SELECT pid FROM leases")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_job_and_brings_home_what_is_there(
    herd: Swineherd, tmp_path: Path, gate: Gate, number: signal.Signals
) -> None:
    """Exit 130; partial outputs and the log are here; the pod is gone, and so is every process of the job."""
    job = write_job(
        tmp_path,
        gate.script("echo half | tee part.txt\nsetsid sleep 600 &", "echo never > part.txt"),
        outputs=["part.txt"],
    )
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        assert pod_processes(the_one_pod(herd, "running")["pod_id"])
        started.send(number)
        done = started.done()

    assert done.code == 130, done.text
    result = done.document
    assert (result["status"], result["exit_code"]) == ("cancelled", None)
    assert (Path(result["outputs_dir"]) / "part.txt").read_text() == "half\n"
    assert herd.log(result["run_id"]) == b"half\n"
    assert len(herd.debits(result)) == 1
    herd.assert_gone(result)


def test_a_second_signal_does_not_leave_the_pod_behind(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """An impatient second SIGINT changes nothing: results first, then the end of the pod."""
    job = write_job(
        tmp_path, gate.script("echo half > part.txt\ntrap 'sleep 1; exit 1' TERM", ""), outputs=["part.txt"]
    )
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        started.send(signal.SIGINT)
        started.until_said("cancelling")
        started.send(signal.SIGINT)
        started.send(signal.SIGTERM)
        done = started.done()

    assert done.code == 130, done.text
    assert (Path(done.document["outputs_dir"]) / "part.txt").read_text() == "half\n"
    herd.assert_gone(done.document)


def test_cancel_from_another_process(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """`cancel` records the wish; the process that drives the run heeds it and ends with 130."""
    job = write_job(tmp_path, gate.script("echo half > part.txt", ""), outputs=["part.txt"])
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        told = herd.run("cancel", started.run_id)
        assert told.code == 0, told.text
        done = started.done()

    assert done.code == 130, done.text
    assert (Path(done.document["outputs_dir"]) / "part.txt").read_text() == "half\n"
    herd.assert_gone(done.document)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_resume_leaves_the_runs_for_a_later_one(
    herd: Swineherd, tmp_path: Path, gate: Gate, number: signal.Signals
) -> None:
    """`resume` without RUN drives what it was not asked about by name: a signal ends it (4), the job goes on."""
    job = write_job(tmp_path, gate.script("seq 1 5", "seq 6 10"))
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        run_id = started.run_id
        started.send(signal.SIGKILL)
        started.process.wait(timeout=30)
    with ended(herd.start("resume", "--json")) as resuming:
        wait_for(lambda: driver_of(herd) == [resuming.process.pid], "the lease")
        resuming.send(number)
        left = resuming.done()
    assert left.code == 4, left.text
    assert [run["run_id"] for run in left.document["runs"]] == [run_id]
    assert f"left as they are: {run_id}" in left.stderr
    gate.open()

    done = herd.run("resume", run_id, "--json")

    assert done.code == 0, done.text
    assert herd.log(run_id) == "".join(f"{line}\n" for line in range(1, 11)).encode()
    herd.assert_gone(done.document)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_cancel_changes_nothing(
    herd: Swineherd, tmp_path: Path, gate: Gate, number: signal.Signals
) -> None:
    """`cancel` drives a run home that nobody drives; a signal meanwhile leaves no pod behind."""
    job = write_job(
        tmp_path, gate.script("echo half > part.txt\ntrap 'sleep 1; exit 1' TERM", ""), outputs=["part.txt"]
    )
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        run_id = started.run_id
        started.send(signal.SIGKILL)
        started.process.wait(timeout=30)
    with ended(herd.start("cancel", run_id, "--json")) as cancelling:
        wait_for(lambda: driver_of(herd) == [cancelling.process.pid], "the lease")
        cancelling.send(number)
        done = cancelling.done()

    assert done.code == 0, done.text
    assert done.document["status"] == "cancelled"
    assert (Path(done.document["outputs_dir"]) / "part.txt").read_text() == "half\n"
    herd.assert_gone(done.document)
