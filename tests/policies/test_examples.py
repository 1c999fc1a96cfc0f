import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from policies.job import read_job, read_jobs

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("file", ["hello/job.yaml", "finetune-7b.yaml", "skypilot-style.yaml"])
def test_the_examples_are_jobs(file: str) -> None:
    """What we show people works, and only the SkyPilot task warns."""
    found = read_job((EXAMPLES / file).read_text(encoding="utf-8"), file)
    assert found.job.run
    assert bool(found.warnings) == (file == "skypilot-style.yaml")


def test_the_example_of_a_matrix_is_six_jobs() -> None:
    """As the README says."""
    jobs = read_jobs((EXAMPLES / "sweep.yaml").read_text(encoding="utf-8"), "sweep.yaml")
    assert len({job.label for job in jobs}) == 6
    assert not any(job.warnings for job in jobs)


def test_the_first_example_leaves_what_it_promises(tmp_path: Path) -> None:
    """It prints its progress and writes every output its job file names, with nothing but Python."""
    script = EXAMPLES / "hello" / "train.py"
    env = {**os.environ, "STEPS": "2"}
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["step 1/2 loss 2.0000", "step 2/2 loss 1.0000"]
    assert json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8")) == {"steps": 2, "loss": 1.0}
    assert (tmp_path / "adapters/weights.txt").read_text(encoding="utf-8") == "2.0\n1.0\n"
