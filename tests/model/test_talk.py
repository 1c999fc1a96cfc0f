"""A conversation with a real model, at the command line: it looks up what is asked, and what it proposes is run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.model, pytest.mark.timeout(500)]


def chat(home: Path, folder: Path, variables: dict[str, str], *lines: str) -> str:
    """What is printed for lines that are piped in."""
    env = {**variables, "PATH": os.environ["PATH"], "HOME": str(home), "SWINEHERD_HOME": str(home / "herd")}
    command = [sys.executable, "-m", "agent", "chat", "--sandbox", "--folder", str(folder)]
    text = "".join(f"{line}\n" for line in lines)
    done = subprocess.run(command, input=text, env=env, capture_output=True, text=True, timeout=450, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_question_and_a_job(variables: dict[str, str], tmp_path: Path) -> None:
    """Figures come from tools, words from the model; the job that it proposes is in the human's words, and runs."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text("open('out.txt', 'w').write('oink')\n")
    said = chat(
        tmp_path, folder, variables,
        "Which GPU is the cheapest?",
        "Run `python3 train.py` for one hour on an RTX 4090, at most three dollars, I want out.txt back",
        "y",
    )  # fmt: skip
    assert "$0.20" in said
    assert "│ " in said, said
    for line in ("run           python3 train.py", "hours         1", "budget_usd    3.00", "accelerators  RTX4090"):
        assert f"? {line}" in said, said
    assert "succeeded: spent $0.49" in said, said
    subprocess.run(
        [sys.executable, "-m", "agent", "sandbox", "--stop"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SWINEHERD_HOME": str(tmp_path / "herd")},
        check=True, capture_output=True,
    )  # fmt: skip
