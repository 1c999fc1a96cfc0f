"""Whoever reads what is printed may go away, or know fewer letters: no run fails for that."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.swineherd import COMMAND, Gate, Swineherd, write_job

pytestmark = pytest.mark.timeout(90)


def test_a_reader_that_goes_away_does_not_end_the_run(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """`swineherd run … | head -1`: the pipe breaks, and the run still comes home and ends its pod."""
    job = write_job(tmp_path, gate.script("seq 1 3", "seq 4 6; echo done > out.txt"), outputs=["out.txt"])
    with subprocess.Popen(
        [*COMMAND, "run", str(job), "--sandbox"],
        env=herd.env(),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        run_id = process.stdout.readline().split()[-1]
        process.stdout.close()
        gate.reached()
        gate.open()
        complaints = process.stderr.read()
        assert process.wait(60) == 0

    assert complaints == ""
    result = herd.show(run_id)
    assert result["status"] == "succeeded"
    assert herd.log(run_id) == b"1\n2\n3\n4\n5\n6\n"
    assert (Path(result["outputs_dir"]) / "out.txt").exists()
    herd.assert_gone(result)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_terminal_with_few_letters(herd: Swineherd, tmp_path: Path, as_json: bool) -> None:
    """Where stdout takes ASCII only, text is printed with `?` in place of other letters, and JSON is escaped."""
    plain = herd.having(PYTHONIOENCODING="ascii")
    job = write_job(tmp_path, "echo ä")

    done = plain.run("quote", job, "--sandbox", *(["--json"] if as_json else []))

    assert done.code == 0, done.text
    assert done.stdout.isascii()
    if as_json:
        assert done.document["job"]["run"] == "echo ä"
