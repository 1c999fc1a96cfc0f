"""`sweep`: what was left behind comes home, whoever died, and whatever has become of the store."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import sandboxed
from tests.e2e.forks import ROOT
from tests.e2e.swineherd import A_COMMAND, COMMAND, Document, Done, Gate, Swineherd, ended, wait_for, write_job

pytestmark = pytest.mark.timeout(180)

AS_ANYBODY = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override"]
"""Root heeds permissions too without this."""


@pytest.fixture
def herd(tmp_path: Path) -> Iterator[Swineherd]:
    """A home of its own for every test: a sweep sees all that is in it."""
    home = tmp_path / "home"
    for endpoint in sandboxed(home):
        yield Swineherd(home, endpoint, tmp_path)


def killed_while_the_job_runs(herd: Swineherd, folder: Path, gate: Gate) -> str:
    """A run whose agent is dead, and whose job stands at the gate. Returns the run's id."""
    job = write_job(folder, gate.script("echo hello", "echo done > out.txt"), outputs=["out.txt"])
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        run_id = started.run_id
        started.send(signal.SIGKILL)
        assert started.done().code == -signal.SIGKILL
    return run_id


def status(herd: Swineherd) -> str:
    """Of the one order in the sandbox's own books."""
    (order,) = herd.books()["orders"]
    return str(order["status"])


def until_swept(herd: Swineherd) -> Document:
    """Sweep until there was something to bring home."""

    def swept() -> Document | None:
        done = herd.run("sweep", "--json")
        assert done.code == 0, done.text
        return done.document if done.document["swept"] else None

    found = wait_for(swept, "a sweep that brings the run home", 90, A_COMMAND)
    assert found is not None
    return found


def test_a_killed_run_is_swept_home(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """While its job runs it is left, then collected and ended; it was paid once, and a second sweep finds nothing."""
    run_id = killed_while_the_job_runs(herd, tmp_path, gate)
    first = herd.run("sweep", "--json")
    assert first.code == 0, first.text
    assert first.document["swept"] == []
    assert [item["run_id"] for item in first.document["left"]] == [run_id]
    assert status(herd) == "running"

    gate.open()
    (item,) = until_swept(herd)["swept"]

    assert set(item) == {"run_id", "order_id", "action", "reason"}
    assert (item["run_id"], item["action"]) == (run_id, "brought home")
    result = herd.show(run_id)
    assert (result["status"], item["order_id"]) == ("succeeded", f"HOG-…{result['order_ids'][0][-4:]}")
    assert len(herd.debits(result)) == 1
    assert (Path(result["outputs_dir"]) / "out.txt").read_text() == "done\n"
    herd.assert_gone(result)
    again = herd.run("sweep", "--json")
    assert (again.code, again.document) == (0, {"swept": [], "left": []})


def test_two_sweeps_at_once(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """One brings the run home; the other leaves it to that one, and both end well."""
    run_id = killed_while_the_job_runs(herd, tmp_path, gate)
    gate.open()
    with ended(herd.start("sweep", "--json")) as one, ended(herd.start("sweep", "--json")) as other:
        both = [one.done(), other.done()]

    assert [done.code for done in both] == [0, 0], both
    if not any(done.document["swept"] for done in both):
        until_swept(herd)
    result = herd.show(run_id)
    assert result["status"] == "succeeded"
    assert len(herd.debits(result)) == 1
    herd.assert_gone(result)


def test_a_living_run_is_left_alone(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """A sweep beside it names who drives it, and the run ends as if nothing had been."""
    job = write_job(tmp_path, gate.script("echo hello", "echo done > out.txt"), outputs=["out.txt"])
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        swept = herd.run("sweep", "--json")
        assert swept.code == 0, swept.text
        assert [item["reason"].split(" on ")[0] for item in swept.document["left"]] == [
            f"driven by process {started.process.pid}"
        ]
        gate.open()
        done = started.done()

    assert done.code == 0, done.text
    herd.assert_gone(done.document)


def test_nothing_to_sweep(bare: Swineherd) -> None:
    """On an empty home it makes no store and starts no sandbox."""
    done = bare.run("sweep")
    assert (done.code, done.stdout, done.stderr) == (0, "nothing to sweep\n", "")
    assert not bare.home.exists()


def swept_by_the_journal(herd: Swineherd, done: Done, run_id: str) -> None:
    """The pod is stopped, its volume kept, and a human told."""
    assert done.code == 5, done.text
    (item,) = done.document["swept"]
    assert (item["run_id"], item["action"]) == (run_id, "stopped")
    assert "WARNING" in done.stderr
    assert "spend.db" in done.stderr
    assert "nothing is spent" in done.stderr
    (order,) = herd.books()["orders"]
    assert order["status"] == "stopped"
    assert order["order_id"] not in done.text


@pytest.mark.parametrize("damage", ["garbage", "gone"])
def test_a_broken_store_is_swept(herd: Swineherd, tmp_path: Path, gate: Gate, damage: str) -> None:
    """Damaged or deleted: what runs is stopped and kept; the next sweep leaves it so, and nothing is bought; with the
    store put back, the results come home once the pod is started.
    """
    run_id = killed_while_the_job_runs(herd, tmp_path, gate)
    store = herd.home / "sandbox"
    backup = tmp_path / "backup"
    backup.mkdir()
    for path in store.glob("spend.db*"):
        shutil.move(path, backup / path.name)
    if damage == "garbage":
        (store / "spend.db").write_bytes(b"no database " * 1000)

    swept_by_the_journal(herd, herd.run("sweep", "--json"), run_id)

    again = herd.run("sweep", "--json")
    assert again.code == 5, again.text
    assert again.document["swept"] == []
    assert [item["run_id"] for item in again.document["left"]] == [run_id]
    if damage == "garbage":
        refused = herd.run("run", write_job(tmp_path, "true"), "--sandbox")
        assert refused.code == 5, refused.text
        assert "spend.db" in refused.stderr
    assert len(herd.books()["orders"]) == 1
    for path in store.glob("spend.db*"):
        path.unlink()
    for path in backup.iterdir():
        shutil.move(path, store / path.name)
    brought = herd.run("sweep", "--json")
    assert [item["action"] for item in brought.document["swept"]] == ["brought home"], brought.text
    assert herd.show(run_id)["status"] == "failed"
    assert status(herd) == "stopped"


def test_a_read_only_store_is_swept(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """Nothing can be written down, but what is in it counts: a job with paid hours left is left running."""
    run_id = killed_while_the_job_runs(herd, tmp_path, gate)
    store = herd.home / "sandbox"
    files = [path for path in store.iterdir() if path.is_file()]
    for path in files:
        path.chmod(0o400)
    store.chmod(0o500)
    try:
        command = [*AS_ANYBODY, *COMMAND, "sweep", "--json"]
        ran = subprocess.run(command, env=herd.env(), cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
        done = Done(ran.returncode, ran.stdout, ran.stderr)
        assert (done.code, done.document["swept"]) == (5, []), done.text
        (left,) = done.document["left"]
        assert left["run_id"] == run_id
        assert "runs its job" in left["reason"]
        assert "spend.db" in done.stderr
        assert status(herd) == "running"
    finally:
        store.chmod(0o700)
        for path in files:
            path.chmod(0o600)
