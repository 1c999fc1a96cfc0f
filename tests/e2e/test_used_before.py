"""A job that is run again is sized by what it used before, as its pod saw it: on real pods with a GPU that is shown."""

from contextlib import closing
from pathlib import Path

import pytest

from agent.folders import Home
from tests.e2e.swineherd import Gate, Swineherd, ended, write_job
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.peak_rows import GpuUse

pytestmark = pytest.mark.timeout(120)

DIES_BELOW_20_GB = """
sleep 0.5
if [ $(nvidia-smi --query-gpu=memory.total --format=csv,noheader,nounits) -lt 20480 ]; then
  echo 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 4.00 GiB'
  exit 1
fi
"""
"""An A4000, the cheapest, has 16 GB; the next, an A5000, has 24."""

LIES = """
tool=$(command -v nvidia-smi)
printf '#!/bin/sh\\n%s\\n' "$LIE" >"$tool.part"
chmod 700 "$tool.part"
mv -f "$tool.part" "$tool"
rm -f ../.herd/peak
sleep 1.5
"""


def quoted(herd: Swineherd, job: Path) -> tuple[str, int]:
    """The first-ranked GPU of a quote, and how many are turned down."""
    done = herd.run("quote", job, "--sandbox", "--json")
    assert done.code == 0, done.text
    return done.document["offers"][0]["reason"], len(done.document["rejected"])


def test_the_second_quote_is_sized_by_the_first_run(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """Though the agent was killed while the job ran: the pod has watched all the time. `show` has it while it runs."""
    job = write_job(tmp_path, gate.script("sleep 0.5", "true"))
    assert "peak" not in quoted(herd, job)[0]
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        run_id = started.run_id
        started.process.kill()
        started.process.wait(timeout=30)
    (order_id,) = herd.show(run_id)["order_ids"]
    with closing(SqliteSpendLog.open(Home(herd.home / "sandbox").spend_log)) as log:
        log.keep_peak(order_id, GpuUse(memory_mib=2048))
    assert "RTX A4000: up to 2.0 of 16 GB of GPU memory used" in herd.run("show", run_id).stdout
    gate.open()
    done = herd.run("resume", run_id, "--json")
    assert done.code == 0, done.text

    used = "up to 2.9 of 16 GB of GPU memory used, GPU up to 23 % busy"
    assert used in herd.run("show", run_id).stdout
    reason, _ = quoted(herd, job)
    assert reason.endswith(f"16 GB ≥ 4 GB (peak of 2.9 GB in {run_id} + 15 %)")
    herd.assert_gone(herd.show(run_id))


def test_the_second_run_begins_where_the_first_had_memory_enough(herd: Swineherd, tmp_path: Path) -> None:
    """The first paid for a GPU that was too small; the second does not."""
    job = write_job(tmp_path, DIES_BELOW_20_GB)
    first, second = [herd.run("run", job, "--sandbox", "--json") for _ in range(2)]
    assert (first.code, second.code) == (0, 0), first.text + second.text

    assert (first.document["gpu"], second.document["gpu"]) == ("RTX A5000", "RTX A5000")
    assert [len(herd.debits(done.document)) for done in (first, second)] == [2, 1]
    died = f"{first.document['run_id']} ran out of memory with 16 GB"
    assert f"24 GB ≥ 17 GB (peak of 4.3 GB in {first.document['run_id']} + 15 %; {died})" in second.stderr


def test_a_lying_pod_changes_nothing_about_money(herd: Swineherd, tmp_path: Path) -> None:
    """It shows another GPU than was rented, without an end: one order at its price, the pod gone, nothing learnt."""
    job = write_job(tmp_path, LIES, envs={"LIE": "yes '999999, 999999, 100'"})
    done = herd.run("run", job, "--sandbox", "--json")
    assert done.code == 0, done.text
    assert [cents for _, _, cents in herd.debits(done.document)] == [20]
    herd.assert_gone(done.document)
    reason, turned_down = quoted(herd, job)
    assert ("peak" in reason, turned_down) == (False, 0)
