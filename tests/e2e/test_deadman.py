"""The agent is killed for good: the pod ends itself within its paid hours, and no result is lost."""

import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.e2e.swineherd import Document, Gate, Swineherd, ended, pod_processes, wait_for, write_job

pytestmark = pytest.mark.timeout(300)

HOUR_SECONDS = 30.0
"""How long a paid hour lasts in this sandbox."""

SILENCE = """
[payment]
auto_pay_usd = "5.00"
auto_pay_per_day_usd = "500.00"
[network]
deadman_minutes = 1
"""

KILLED_AT_TERMINATE = (sys.executable, "-m", "tests.e2e.killed_at_terminate")


def call(herd: Swineherd, path: str, body: Document | None = None) -> None:
    """POST to the sandbox."""
    key = {"X-Api-Key": herd.endpoint.api_key}
    answer = httpx.post(herd.endpoint.base_url.removesuffix("/api") + path, json=body or {}, headers=key, timeout=60)
    assert answer.status_code == 200, answer.text


def order_of(herd: Swineherd, run_id: str) -> Document:
    """The one order of a run, in the sandbox's own books."""
    (order_id,) = herd.show(run_id)["order_ids"]
    (booked,) = [order for order in herd.books()["orders"] if order["order_id"] == order_id]
    assert isinstance(booked, dict)
    return booked


def until_it_is(herd: Swineherd, run_id: str, *statuses: str) -> Document:
    """Wait for the order's status; returns it as it is then."""
    order_id = order_of(herd, run_id)["order_id"]

    def seen() -> Document | None:
        orders = [order for order in herd.books()["orders"] if order["order_id"] == order_id]
        return next((order for order in orders if order["status"] in statuses), None)

    found = wait_for(seen, f"an order that is {statuses}", seconds=150)
    assert found is not None
    return found


def killed_while_the_job_runs(herd: Swineherd, folder: Path, gate: Gate) -> str:
    """A run whose agent is dead and whose job would go on for ever. Returns its id."""
    call(herd, "/_sandbox/settings", {"hour_seconds": HOUR_SECONDS})
    job = write_job(folder, gate.script("echo so far > out.txt; echo hello", "true"), outputs=["out.txt"])
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        run_id = started.run_id
        started.until_said("timer armed")
        started.send(signal.SIGKILL)
        assert started.done().code == -signal.SIGKILL
    return run_id


def test_killed_while_the_job_runs(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """Nobody resumes: the pod stops itself before its hours end, and its volume keeps what the job wrote."""
    run_id = killed_while_the_job_runs(herd, tmp_path, gate)
    order = until_it_is(herd, run_id, "stopped", "terminated")
    assert order["status"] == "stopped"
    wait_for(lambda: not pod_processes(order["pod_id"]), "the end of the pod's processes")
    volume = herd.home / "sandbox" / "pods" / order["pod_id"] / "workspace"
    assert (volume / "swineherd" / run_id / "work" / "out.txt").read_text() == "so far\n"


def test_found_later_it_is_kept_and_comes_home(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """`resume` rents nothing and deletes nothing; once somebody starts the pod, it collects and ends it."""
    run_id = killed_while_the_job_runs(herd, tmp_path, gate)
    order = until_it_is(herd, run_id, "stopped", "terminated")

    found = herd.run("resume", run_id, "--json")

    assert found.code == 5, found.text
    assert "stopped itself at the end of its paid hours" in found.document["reason"]
    assert f"`swineherd resume {run_id}` in a terminal collects them" in found.document["reason"]
    assert order_of(herd, run_id)["status"] == "stopped"
    rents = [debit for debit in herd.books()["debits"] if debit["kind"] == "rent"]
    assert [debit["order_id"] for debit in rents if debit["order_id"] in found.document["order_ids"]] == [
        order["order_id"]
    ]
    assert not Path(found.document["outputs_dir"], "out.txt").exists()

    again = herd.run("resume", run_id)
    assert again.code == 5, again.text
    assert "start it at the provider" in again.text
    assert order_of(herd, run_id)["status"] == "stopped"

    call(herd, "/_sandbox/settings", {"hour_seconds": 3600.0})
    call(herd, f"/api/order/{order['order_id']}/start")
    until_it_is(herd, run_id, "running")
    home = herd.run("resume", run_id, "--json")
    assert Path(home.document["outputs_dir"], "out.txt").read_text() == "so far\n"
    assert herd.log(run_id) == b"hello\n"
    herd.assert_gone(home.document)


def test_killed_after_collecting(herd: Swineherd, tmp_path: Path) -> None:
    """The mark is there: after `deadman_minutes` of silence the pod is terminated, with hours left to run."""
    call(herd, "/_sandbox/settings", {"hour_seconds": 3600.0})
    job = write_job(tmp_path, "echo done > out.txt", outputs=["out.txt"])
    with ended(herd.policy(SILENCE).start("run", job, "--sandbox", "--json", command=KILLED_AT_TERMINATE)) as started:
        run_id = started.run_id
        assert started.done().code == -signal.SIGKILL
    assert order_of(herd, run_id)["status"] == "running"
    shown = herd.show(run_id)
    assert Path(shown["outputs_dir"], "out.txt").read_text() == "done\n"
    order = until_it_is(herd, run_id, "stopped", "terminated")
    assert order["status"] == "terminated"
    wait_for(lambda: not (herd.home / "sandbox" / "pods" / order["pod_id"]).exists(), "the pod's folder to go")
    herd.assert_gone(shown)
    resumed = herd.run("resume", run_id, "--json")
    assert (resumed.code, resumed.document["status"]) == (0, "succeeded"), resumed.text
