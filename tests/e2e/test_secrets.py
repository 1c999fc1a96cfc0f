"""Secrets: masked wherever the job prints them, and kept nowhere."""

import gzip
from pathlib import Path

import psutil
import pytest

from tests.e2e.swineherd import Gate, Swineherd, ended, write_job

pytestmark = pytest.mark.timeout(120)

FROM_ENVIRONMENT = "hf-3nV1r0nment-s3cret"
LITERAL = "l1teral/s3cret+of=the?file"
BOTH = (FROM_ENVIRONMENT, LITERAL)

PRINT_ALL = """
echo "token=$TOKEN literal=$LITERAL"
printf '%s\\n' "$LITERAL" >&2
printf '%s' "${TOKEN%??????}"
"""
THE_REST_OF_ONE = 'printf \'%s\\n\' "${TOKEN#"${TOKEN%??????}"}"\nprintenv TOKEN > copy.txt'


def holders(home: Path, secrets: tuple[str, ...]) -> list[Path]:
    """Files below `home` that have one of the secrets in them, packed or not; a pod's own folder is the job's."""
    files = [path for path in home.rglob("*") if path.is_file() and "pods" not in path.relative_to(home).parts]
    assert {"spend.db", "checkpoints.db", "log.txt", "job.yaml", "workdir.tar.gz"} <= {path.name for path in files}
    return [path for path in files if has_one(path, secrets)]


def has_one(path: Path, secrets: tuple[str, ...]) -> bool:
    """Whether a file holds a secret."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    return any(secret.encode() in data for secret in secrets)


def seen_in_processes(secrets: tuple[str, ...]) -> list[str]:
    """Command lines that show a secret."""
    lines = []
    for process in psutil.process_iter():
        try:
            lines.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return [line for line in lines if any(secret in line for secret in secrets)]


def test_secrets_are_shown_and_kept_nowhere(herd: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """Masked by stars of equal length in log and output, even when printed in two pieces; in no file of the store,
    in no command line, though the job file with the literal lies in the workdir. What the job itself writes into an
    output is the user's own.
    """
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "words.txt").write_text("oink\n")
    job = write_job(
        folder,
        gate.script(PRINT_ALL, THE_REST_OF_ONE),
        secrets={"TOKEN": None, "LITERAL": LITERAL},
        workdir=".",
        outputs=["copy.txt"],
    )
    with ended(herd.having(TOKEN=FROM_ENVIRONMENT).start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        assert seen_in_processes(BOTH) == []
        assert holders(herd.home, BOTH) == []
        gate.open()
        done = started.done()

    assert done.code == 0, done.text
    result = done.document
    stars = "*" * len(FROM_ENVIRONMENT), "*" * len(LITERAL)
    expected = f"token={stars[0]} literal={stars[1]}\n{stars[1]}\n{stars[0]}\n"
    assert herd.log(result["run_id"]).decode() == expected
    assert expected in done.stderr
    shown = [herd.run(*command).text for command in (["show", result["run_id"]], ["logs", result["run_id"]])]
    assert not any(secret in text for secret in BOTH for text in (done.text, *shown))
    copy = Path(result["outputs_dir"]) / "copy.txt"
    assert copy.read_text() == f"{FROM_ENVIRONMENT}\n"
    assert holders(herd.home, BOTH) == [copy]
