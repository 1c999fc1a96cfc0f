"""Many jobs under one budget, as a user runs them."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.swineherd import A_COMMAND, ASK, COMMAND, Gate, Swineherd, ended, wait_for

pytestmark = pytest.mark.timeout(240)

QUICK = (
    '[payment]\nrails = ["credits"]\nauto_pay_usd = "5.00"\nauto_pay_per_day_usd = "100.00"\n'
    '[budget]\nper_day_usd = "100.00"\nmax_open_pods = 8\n[network]\nmax_requests_per_second = 100\n'
)
"""Nobody is asked, and the limit on requests is the sandbox's: it is ours to hurry."""

PRICE = 20
"""Cents: an hour of the cheapest GPU with 16 GB."""


def write_matrix(folder: Path, count: int, run: str, **fields: object) -> Path:
    """A job file that stands for so many jobs, each of $0.20."""
    job = {"name": "tune", "run": run, "hours": 0.1, "resources": {"accelerators": "A4000"}, **fields}
    path = folder / "jobs.yaml"
    path.write_text(yaml.safe_dump(job | {"matrix": {"SEED": list(range(1, count + 1))}}, sort_keys=False))
    return path


def by_status(document: dict[str, Any], status: str) -> list[dict[str, Any]]:
    return [job for job in document["jobs"] if job["status"] == status]


def test_fifty_jobs_under_a_budget_for_forty(herd: Swineherd, tmp_path: Path) -> None:
    """Forty run, ten are refused with the reason, and the books of the market are those of the spend log."""
    before = herd.books()["total_spent"]
    jobs = write_matrix(tmp_path, 50, 'mkdir -p out; echo "$SEED" > out/seed.txt', outputs=["out/"])

    quick = herd.policy(QUICK)
    arguments = ("--sandbox", "--max-parallel", "8", "--budget-usd", "8.00", "--json")
    done = quick.run("batch", jobs, *arguments, seconds=200)

    assert done.code == 3, done.text
    report = done.document
    assert report["counts"] == {"refused": 10, "succeeded": 40}
    assert report["spent_usd"] == report["budget_usd"] == "8.00"
    assert herd.books()["total_spent"] - before == 800
    assert len({order for job in report["jobs"] for order in job["order_ids"]}) == 40
    for job in by_status(report, "succeeded"):
        seed = (Path(job["outputs_dir"]) / "out/seed.txt").read_text().strip()
        assert job["label"] == f"tune SEED={seed}"
        quick.assert_gone(job)
    for job in by_status(report, "refused"):
        assert job["reason"].startswith("batch_budget_usd = $8.00 for the whole batch")
        assert job["order_ids"] == []
    assert json.loads((herd.home / "sandbox/batches" / f"{report['batch_id']}.json").read_text()) == report


def test_killed_and_resumed_it_repeats_nothing(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """The agent is killed while the second job runs: `--resume` goes on with it, then with those that wait."""
    held = gate.script(f"echo $SEED >> '{tmp_path}/began'\n[ $SEED = 2 ] || exit 0", "")
    jobs = write_matrix(tmp_path, 3, held)
    quick = herd.policy(QUICK)
    with ended(quick.start("batch", jobs, "--sandbox", "--max-parallel", "1")) as started:
        said = started.until_said(": 3 jobs")
        gate.reached()
        started.send(signal.SIGKILL)
        started.process.wait(timeout=30)
    batch_id = said.split("▸ batch ")[1].split(":")[0]
    gate.open()

    done = quick.run("batch", "--resume", batch_id, "--json", seconds=120)

    assert done.code == 0, done.text
    assert done.document["counts"] == {"succeeded": 3}
    assert (tmp_path / "began").read_text().split() == ["1", "2", "3"]
    assert [len(job["order_ids"]) for job in done.document["jobs"]] == [1, 1, 1]
    assert done.document["spent_usd"] == "0.60"


def test_one_question_for_all(herd: Swineherd, tmp_path: Path) -> None:
    """Asked once, answered with the code of `show`; a wrong code or amount buys nothing; taken back it pays no more."""
    asking = herd.policy(ASK)
    jobs = write_matrix(tmp_path, 2, "echo oink")
    asked = asking.run("batch", jobs, "--sandbox", "--no-wait", "--json")
    assert asked.code == 4, asked.text
    batch_id = asked.document["batch_id"]
    assert asked.document["counts"] == {"queued": 2}
    assert "up to $0.40 and 6 pods from credits, once" in asked.stderr
    assert "max_pods_per_run for each job" in asked.stderr
    question = asking.show(batch_id)["approval"]
    assert question["amount_usd"] == "0.40"
    listed = asking.run("ps")
    assert f"{batch_id} asks for approval of up to $0.40 until " in listed.stderr
    assert listed.stdout.count("  play\n") == 2
    logs = asking.run("logs", batch_id)
    assert (logs.code, logs.stdout) == (2, "")
    assert all(f"swineherd logs {job['run_id']}  ({job['label']})" in logs.stderr for job in asked.document["jobs"])
    assert question["code"] not in asked.text
    answer = ("approve", batch_id, "--code")
    assert asking.run(*answer, "WRONG", "--amount", "0.40").code == 2
    assert asking.run(*answer, question["code"], "--amount", "0.39").code == 2
    assert asking.run("freeze", "--sandbox").code == 0
    refused = asking.run(*answer, question["code"], "--amount", "0.40")
    assert (refused.code, "spending is frozen" in refused.stderr) == (2, True)
    assert asking.run("unfreeze", "--sandbox").code == 0
    assert asking.run(*answer, question["code"], "--amount", "0.40").code == 0

    done = asking.run("batch", "--resume", batch_id, "--json")

    assert done.code == 0, done.text
    assert done.document["counts"] == {"succeeded": 2}
    (grant,) = [one for one in asking.run("grants", "--json").document["grants"] if one["batch_id"] == batch_id]
    assert (grant["standing"], grant["used_usd"], grant["used_pods"]) == ("approved", "0.40", 2)
    assert asking.run("grants", "--revoke", grant["grant_id"]).code == 0
    assert "revoked" in asking.run("grants").stdout


def test_a_no_ends_every_job(herd: Swineherd, tmp_path: Path) -> None:
    """Heard while the batch waits; nothing was bought."""
    asking = herd.policy(ASK)
    with ended(asking.start("batch", write_matrix(tmp_path, 2, "echo oink"), "--sandbox", "--json")) as started:
        said = started.until_said("waiting for `swineherd approve batch-")
        batch_id = said.split("swineherd approve ")[1].split("`")[0]
        question = asking.show(batch_id)["approval"]
        denied = asking.run("deny", batch_id, "--code", question["code"], "--amount", question["amount_usd"])
        assert denied.code == 0, denied.text
        done = started.done()
    assert done.code == 6, done.text
    assert done.document["counts"] == {"denied": 2}
    assert all(job["order_ids"] == [] for job in done.document["jobs"])


def test_what_has_bought_goes_on_beside_the_question(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """The batch was killed while its first job ran, and its grant taken back: going on drives that job home while the
    human is asked about the other, whatever the answer is.
    """
    asking = herd.policy(ASK)
    jobs = write_matrix(tmp_path, 2, gate.script("", "echo done > out.txt"), outputs=["out.txt"])
    batch_id, grant_id = approved(asking, jobs)
    with ended(asking.start("batch", "--resume", batch_id, "--max-parallel", "1")) as started:
        gate.reached()
        started.send(signal.SIGKILL)
        started.process.wait(timeout=30)
    assert asking.run("grants", "--revoke", grant_id).code == 0
    gate.open()
    with ended(asking.start("batch", "--resume", batch_id, "--json")) as started:
        started.until_said("waiting for `swineherd approve")
        wait_for(lambda: asking.show(batch_id)["counts"].get("succeeded"), "a job's success", 60, A_COMMAND)
        question = asking.show(batch_id)["approval"]
        denied = asking.run("deny", batch_id, "--code", question["code"], "--amount", question["amount_usd"])
        assert denied.code == 0, denied.text
        done = started.done(60)
    assert done.code == 6, done.text
    assert done.document["counts"] == {"denied": 1, "succeeded": 1}
    assert done.document["spent_usd"] == "0.20"
    herd.assert_gone(done.document["jobs"][0])


def approved(asking: Swineherd, jobs: Path) -> tuple[str, str]:
    """A batch that waits with a yes, and the grant's id."""
    asked = asking.run("batch", jobs, "--sandbox", "--no-wait", "--json")
    batch_id = asked.document["batch_id"]
    question = asking.show(batch_id)["approval"]
    said = asking.run("approve", batch_id, "--code", question["code"], "--amount", question["amount_usd"])
    assert said.code == 0, said.text
    (grant,) = [one for one in asking.run("grants", "--json").document["grants"] if one["batch_id"] == batch_id]
    return batch_id, grant["grant_id"]


def test_a_reader_that_goes_away_leaves_no_pod(herd: Swineherd, tmp_path: Path) -> None:
    """`batch … | head -1`: nobody reads any more, and every job comes home all the same."""
    quick = herd.policy(QUICK)
    jobs = write_matrix(tmp_path, 2, "sleep 1; echo done > out.txt", outputs=["out.txt"])
    command = [*COMMAND, "batch", str(jobs), "--sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=quick.env(), cwd=tmp_path) as batch:
        assert batch.stdout is not None
        said = batch.stdout.readline() + batch.stdout.readline()
        batch.stdout.close()
        assert batch.wait(timeout=90) == 0
    batch_id = said.decode().split("▸ batch ")[1].split(":")[0]
    document = quick.show(batch_id)
    assert document["counts"] == {"succeeded": 2}
    for job in document["jobs"]:
        quick.assert_gone(job)


def test_cancelling_a_batch_brings_home_what_nobody_drives(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """Its process was killed: the one command ends its pod, fetches what is there, and buys nothing."""
    quick = herd.policy(QUICK)
    jobs = write_matrix(tmp_path, 2, gate.script("echo half > out.txt", ""), outputs=["out.txt"])
    with ended(quick.start("batch", jobs, "--sandbox", "--max-parallel", "1")) as started:
        said = started.until_said(": 2 jobs")
        gate.reached()
        started.send(signal.SIGKILL)
        started.process.wait(timeout=30)
    batch_id = said.split("▸ batch ")[1].split(":")[0]
    cancelled = quick.run("cancel", batch_id, "--json", seconds=90)
    assert cancelled.code == 0, cancelled.text
    document = cancelled.document
    assert document["counts"] == {"cancelled": 2}
    assert document["spent_usd"] == "0.20"
    assert (Path(document["jobs"][0]["outputs_dir"]) / "out.txt").read_text() == "half\n"
    quick.assert_gone(document["jobs"][0])


def test_a_signal_brings_every_pod_home(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """SIGTERM: the job that runs is stopped and its outputs fetched, those that wait end without a pod."""
    jobs = write_matrix(tmp_path, 3, gate.script("mkdir -p out\necho half > out/r.txt", ""), outputs=["out/"])
    with ended(herd.policy(QUICK).start("batch", jobs, "--sandbox", "--max-parallel", "1", "--json")) as started:
        gate.reached()
        started.send(signal.SIGTERM)
        done = started.done(90)
    assert done.code == 130, done.text
    assert done.document["counts"] == {"cancelled": 3}
    first = done.document["jobs"][0]
    assert (Path(first["outputs_dir"]) / "out/r.txt").read_text() == "half\n"
    herd.assert_gone(first)
    assert [job["order_ids"] for job in done.document["jobs"][1:]] == [[], []]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "batch takes job files, folders or `-`, or else --resume BATCH"),
        (("--resume", "batch-nowhere-1"), "no batch batch-nowhere-1"),
        (("{folder}/none.yaml",), "none.yaml: no such file"),
        (("{folder}",), "no job file"),
        (("{folder}", "--budget-usd", "ten"), "--budget-usd: "),
        (("{folder}", "--resume", "batch-x-1"), "or else --resume BATCH"),
        (("--resume", "batch-x-1", "--budget-usd", "5.00"), "are fixed when a batch is submitted"),
    ],
)
def test_what_can_not_be_a_batch_is_said(bare: Swineherd, tmp_path: Path, arguments: tuple[str, ...], why: str) -> None:
    """Exit code 2, and what to do."""
    folder = tmp_path / "jobs"
    folder.mkdir()
    done = bare.run("batch", *(argument.format(folder=folder) for argument in arguments))
    assert done.code == 2, done.text
    assert why in done.stderr
