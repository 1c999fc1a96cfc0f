"""Faults of pods: never up, refusing, dropping, dead, or said to be gone."""

from pathlib import Path

import pytest

from tests.e2e.swineherd import Gate, Swineherd, ended, wait_for, write_job
from tests.faulty.leap import Leap
from tests.faulty.provider import Provider, assert_never_below, awaited, counted
from tools.spend_log.rows import Awaited

pytestmark = pytest.mark.timeout(120)


def test_a_pod_that_never_comes_up_is_ended_for_another(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """After `deploy_minutes` the stuck order is terminated, another GPU does the job, and both debits are counted."""
    provider.configure(stuck_deploys=1)
    leap = Leap(tmp_path / "leap")
    job = write_job(tmp_path, "echo oink > out.txt", outputs=["out.txt"])
    with ended(herd.start("run", job, "--sandbox", "--json", command=leap.command)) as started:
        wait_for(lambda: Awaited.DEPLOY in awaited(herd), "the run to wait for its pod")
        leap.to(minutes=16)
        done = started.done()

    assert done.code == 0, done.text
    assert (Path(done.document["outputs_dir"]) / "out.txt").read_text() == "oink\n"
    assert len(provider.rented()) == 2
    assert counted(herd) == sum(provider.rented())
    herd.assert_gone(done.document)


def test_a_pod_that_refuses_ssh_for_a_while_is_waited_for(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """The order runs and SSH refuses: tried again until it answers, on the one pod that was paid."""
    provider.configure(ssh="refused")
    with ended(herd.start("run", write_job(tmp_path, "echo oink"), "--sandbox", "--json")) as started:
        wait_for(lambda: [pod for pod in provider.pods() if pod["status"] == "running"], "a running pod")
        provider.configure(ssh="open")
        done = started.done()

    assert done.code == 0, done.text
    assert herd.log(done.document["run_id"]) == b"oink\n"
    assert (provider.rented(), counted(herd)) == ([20], 20)
    herd.assert_gone(done.document)


def test_a_connection_that_drops_again_and_again_loses_nothing(
    herd: Swineherd, provider: Provider, tmp_path: Path, gate: Gate
) -> None:
    """The job runs on while every connection is cut; its log is whole, its outputs are home, it ran once."""
    script = gate.script("seq 1 2000; echo run >> starts.txt", "seq 2001 4000")
    job = write_job(tmp_path, script, outputs=["starts.txt"])
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        provider.configure(ssh="dropped", ssh_drop_seconds=0.3)
        started.until_said("the connection is lost")
        gate.open()
        provider.configure(ssh="open")
        done = started.done()

    assert done.code == 0, done.text
    assert herd.log(done.document["run_id"]) == "".join(f"{number}\n" for number in range(1, 4001)).encode()
    assert (Path(done.document["outputs_dir"]) / "starts.txt").read_text() == "run\n"
    assert (provider.rented(), counted(herd)) == ([20], 20)
    herd.assert_gone(done.document)


def test_a_pod_that_died_under_the_job_does_not_go_on_billing(
    herd: Swineherd, provider: Provider, tmp_path: Path, gate: Gate
) -> None:
    """Its order says running to the end: when its paid hours are as good as over the run gives it up and lets it go."""
    leap = Leap(tmp_path / "leap")
    job = write_job(tmp_path, gate.script("echo oink", "true"), outputs=["out.txt"])
    with ended(herd.start("run", job, "--sandbox", "--json", command=leap.command)) as started:
        gate.reached()
        (pod,) = provider.pods()
        provider.kill_pod(pod["order_id"])
        started.until_said("the connection is lost")
        leap.to(minutes=59.5)
        done = started.done()

    assert done.code == 5, done.text
    assert provider.rented() == [20]
    assert [order["status"] for order in provider.pods()] in ([], ["stopped"])
    assert_never_below(herd, provider)


def test_a_terminate_that_lies_costs_no_result(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """The order says terminated while its pod runs on: the results were home before, and it was paid once."""
    provider.configure(lying_terminates=1, lie_seconds=2)
    job = write_job(tmp_path, "echo oink > out.txt", outputs=["out.txt"])

    done = herd.run("run", job, "--sandbox", "--json")

    assert done.code == 0, done.text
    assert (Path(done.document["outputs_dir"]) / "out.txt").read_text() == "oink\n"
    assert (provider.rented(), counted(herd)) == ([20], 20)
