"""SIGKILL of the agent: the job runs on, and `resume` brings it home without paying or printing anything twice."""

import signal
from pathlib import Path

import pytest

from tests.e2e.swineherd import Gate, Swineherd, ended, wait_for, write_job

pytestmark = pytest.mark.timeout(120)

BEFORE = "seq 1 3000"
AFTER = "seq 3001 6000; echo done > out.txt"
UNDISTURBED = "".join(f"{number}\n" for number in range(1, 6001)).encode()


def killed_while_the_job_runs(herd: Swineherd, folder: Path, gate: Gate) -> str:
    """Start a run, kill the agent in the middle of the job, and let the job go on alone. Returns the run's id."""
    job = write_job(folder, gate.script(BEFORE, AFTER), outputs=["out.txt"])
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        run_id = started.run_id
        log = herd.folder(run_id) / "log.txt"
        wait_for(lambda: log.exists() and log.stat().st_size, "the first bytes of the log")
        started.send(signal.SIGKILL)
        assert started.done().code == -signal.SIGKILL
    gate.open()
    return run_id


def assert_home(herd: Swineherd, run_id: str) -> None:
    """The run is at home as if nothing had happened."""
    result = herd.show(run_id)
    assert (result["status"], result["exit_code"]) == ("succeeded", 0)
    assert len(result["order_ids"]) == len(herd.debits(result)) == 1
    assert herd.log(run_id) == UNDISTURBED
    assert (Path(result["outputs_dir"]) / "out.txt").read_text() == "done\n"
    herd.assert_gone(result)


def test_an_undisturbed_run_prints_the_whole_log(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """What the other tests of this file compare with."""
    gate.open()
    done = herd.run("run", write_job(tmp_path, gate.script(BEFORE, AFTER), outputs=["out.txt"]), "--sandbox", "--json")
    assert done.code == 0, done.text
    assert_home(herd, done.document["run_id"])


def test_resume_run_goes_on_after_a_kill(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """`ps` says that nobody drives it; `resume RUN`: exit 0, one payment, the log byte for byte as of an undisturbed
    run, the pod gone.
    """
    run_id = killed_while_the_job_runs(herd, tmp_path, gate)
    assert f"nobody drives {run_id}: `swineherd resume` goes on" in herd.run("ps", "--json").stderr

    done = herd.run("resume", run_id, "--json")

    assert done.code == 0, done.text
    assert done.document["run_id"] == run_id
    assert_home(herd, run_id)


def test_resume_without_a_run_finds_it(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """`resume` takes up every run that nobody drives and prints them all as one document."""
    run_id = killed_while_the_job_runs(herd, tmp_path, gate)

    done = herd.run("resume", "--json")

    assert done.code == 0, done.text
    assert [run["run_id"] for run in done.document["runs"]] == [run_id]
    assert_home(herd, run_id)
    again = herd.run("resume", run_id, "--json")
    assert again.code == 0, again.text
    assert len(herd.debits(again.document)) == 1


def test_a_run_that_is_driven_is_not_driven_twice(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """While one process drives a run, `resume` of it is refused and `resume` of all leaves it alone."""
    job = write_job(tmp_path, gate.script(BEFORE, AFTER), outputs=["out.txt"])
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        run_id = started.run_id
        second = herd.run("resume", run_id)
        assert second.code == 2, second.text
        assert f"driven by process {started.process.pid}" in second.stderr
        assert herd.run("resume", "--json").document == {"runs": []}
        gate.open()
        done = started.done()

    assert done.code == 0, done.text
    assert_home(herd, run_id)
