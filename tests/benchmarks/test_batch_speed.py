"""How long a batch takes, against what its jobs take one by one shared among so many at once."""

import statistics
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests.e2e.swineherd import Document, Swineherd
from tests.e2e.test_batch import QUICK, write_matrix

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

AT_ONCE = 8
ALONE = 3


def seconds(document: Document) -> float:
    """From the first step of the first run to the end of the last."""
    started, ended = (datetime.fromisoformat(document[name]) for name in ("started_at", "ended_at"))
    return (ended - started).total_seconds()


@pytest.mark.parametrize("job_seconds", [0, 5])
def test_fifty_jobs_eight_at_once(herd: Swineherd, tmp_path: Path, job_seconds: int) -> None:
    """Forty run and ten are refused. The ideal: the mean of one job alone × 40 ÷ 8, on machines enough.

    Jobs that wait (on their GPU, as real ones do) show what taking turns costs; jobs that do nothing show what this
    machine's cores can do, with agent, sandbox and pods on the same ones.
    """
    quick = herd.policy(QUICK)
    job = f'sleep {job_seconds}; mkdir -p out; echo "$SEED" > out/seed.txt'
    arguments = ("--sandbox", "--json", "--max-parallel")
    one = write_matrix(tmp_path, 1, job, outputs=["out/"])
    alone = [seconds(quick.run("batch", one, *arguments, "1", seconds=120).document) for _ in range(ALONE)]
    ideal = statistics.mean(alone) * 40 / AT_ONCE
    many = write_matrix(tmp_path, 50, job, outputs=["out/"])

    done = quick.run("batch", many, *arguments, str(AT_ONCE), "--budget-usd", "8.00", seconds=600)

    assert done.document["counts"] == {"refused": 10, "succeeded": 40}
    took = seconds(done.document)
    said = f"{took:.1f} s, ideally {ideal:.1f} s ({statistics.mean(alone):.2f} s alone): {took / ideal:.2f}"
    sys.stdout.write(f"\n50 jobs of {job_seconds} s, {AT_ONCE} at once: {said}\n")
