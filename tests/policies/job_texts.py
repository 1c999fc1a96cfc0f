"""Job files for the tests beside this file, and the shortest ways to read them."""

import pytest

from policies.job import Job, JobFileError, read_job

CONTRACT = """\
name: finetune-7b
description: QLoRA fine-tune of a 7B model
workdir: .
file_mounts: {/root/data: ./data}
envs: {EPOCHS: "1", HF_TOKEN: null}
secrets: {WANDB_API_KEY: null}
setup: pip install -r requirements.txt
run: python train.py
resources:
  accelerators: RTX4090:1
  vram_gb: 24
  min_compute_capability: "8.0"
hours: 2
budget_usd: "5.00"
outputs: [adapters/, metrics.json]
resume: bash resume.sh
"""


def job_of(text: str) -> Job:
    return read_job(f"run: x\n{text}", "job.yaml").job


def problem_of(text: str, ignore: frozenset[str] = frozenset()) -> str:
    """The one problem of a file that is right but for `text`, which starts at line 2."""
    with pytest.raises(JobFileError) as caught:
        read_job(f"run: x\n{text}", "job.yaml", ignore)
    assert len(caught.value.problems) == 1, str(caught.value)
    return str(caught.value)
