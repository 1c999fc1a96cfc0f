"""What a batch is made of: files, folders, JSON lines, and matrices in each."""

import io
from pathlib import Path

import pytest

from agent.batch.sources import MOST_JOBS, read_batch
from agent.submit import BadJob
from policies.file_problem import FileError

NONE: frozenset[str] = frozenset()


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def labels(*sources: Path) -> list[str]:
    return [job.label for job in read_batch(sources, NONE)]


def test_files_keep_their_order_and_are_told_by_their_names(tmp_path: Path) -> None:
    """A job's own name, else its file's; a matrix adds its values. Paths are those of the file."""
    first = write(tmp_path / "b.yaml", "run: x\nmatrix: {SEED: [1, 2]}")
    second = write(tmp_path / "a.yaml", "run: x\nname: tune")
    assert labels(first, second) == ["b SEED=1", "b SEED=2", "tune"]
    assert [job.path for job in read_batch([second], NONE)] == [second.resolve()]


def test_a_folder_is_read_by_name(tmp_path: Path) -> None:
    """Job files of every kind, nothing else, and none of the folders below it."""
    write(tmp_path / "2.yml", "run: x")
    write(tmp_path / "1.yaml", "run: x")
    write(tmp_path / "3.jsonl", '{"run": "x"}\n\n{"run": "x", "name": "last"}\n')
    write(tmp_path / "notes.txt", "no job")
    write(tmp_path / "below/4.yaml", "run: x")
    (tmp_path / "folder.yaml").mkdir()
    assert labels(tmp_path) == ["1", "2", "line 1", "last"]


def test_lines_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-`: relative paths are those of the working folder."""
    monkeypatch.setattr("sys.stdin", io.StringIO('{"run": "x", "matrix": {"S": [1, 2]}}\n{"run": "y"}\n'))
    jobs = read_batch([Path("-")], NONE)
    assert [job.label for job in jobs] == ["line 1 S=1", "line 1 S=2", "line 2"]
    assert {job.path.parent for job in jobs} == {Path.cwd()}


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    """With file and line."""
    good = write(tmp_path / "a.yaml", "run: x")
    bad = write(tmp_path / "b.yaml", "run: x\nhours: 0")
    lines = write(tmp_path / "c.jsonl", '{"run": "x"}\n{"hours": 1}\n{"run": "x", "hours": -1}\n')
    with pytest.raises(FileError) as caught:
        read_batch([good, bad, lines], NONE)
    places = [str(problem).split(": expected")[0] for problem in caught.value.problems]
    assert places == [f"{bad}:2: hours", f"{lines}:2: run", f"{lines}:3: hours"]


@pytest.mark.parametrize(("name", "text"), [("empty/notes.txt", "x"), ("lines.jsonl", "\n")])
def test_no_job_is_an_error(tmp_path: Path, name: str, text: str) -> None:
    """A batch of nothing is a mistake, not a success."""
    path = write(tmp_path / name, text)
    with pytest.raises(BadJob, match="no job"):
        read_batch([path.parent if path.suffix == ".txt" else path], NONE)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Named."""
    with pytest.raises(BadJob, match=r"missing\.yaml: no such file"):
        read_batch([tmp_path / "missing.yaml"], NONE)


def test_there_is_a_most(tmp_path: Path) -> None:
    """A thousand jobs are a batch, one more is not."""
    lines = write(tmp_path / "many.jsonl", '{"run": "x"}\n' * MOST_JOBS)
    one = write(tmp_path / "one.yaml", "run: x")
    assert len(read_batch([lines], NONE)) == MOST_JOBS
    with pytest.raises(BadJob, match="1001 jobs are too many"):
        read_batch([lines, one], NONE)


def test_fields_to_ignore_are_ignored_in_each(tmp_path: Path) -> None:
    """As `run --ignore` does."""
    job = write(tmp_path / "a.yaml", "run: x\nnum_nodes: 4")
    with pytest.raises(FileError):
        read_batch([job], NONE)
    assert len(read_batch([job], frozenset({"num_nodes"}))) == 1
