"""`matrix:` in a job file: one job for each combination of its values."""

import pytest

from policies.job import JobFileError, read_job, read_jobs, read_json_jobs
from policies.matrix import MOST_COMBINATIONS


def problem(text: str) -> str:
    with pytest.raises(JobFileError) as caught:
        read_jobs(f"run: x\n{text}", "job.yaml")
    (found,) = caught.value.problems
    return str(found)


def test_every_combination_is_a_job_with_its_values_as_variables() -> None:
    """The last name turns fastest; values are the text as it stands in the file, and envs of the file stay."""
    jobs = read_jobs("run: x\nenvs: {A: b}\nmatrix: {LR: [1e-3, 0.10], SEED: [1, 2]}", "job.yaml")

    assert [job.label for job in jobs] == ["LR=1e-3 SEED=1", "LR=1e-3 SEED=2", "LR=0.10 SEED=1", "LR=0.10 SEED=2"]
    assert [dict(job.job.envs) for job in jobs[:2]] == [
        {"A": "b", "LR": "1e-3", "SEED": "1"},
        {"A": "b", "LR": "1e-3", "SEED": "2"},
    ]


def test_a_matrix_needs_no_envs() -> None:
    """Absent and null alike."""
    for envs in ("", "envs:\n"):
        assert dict(read_jobs(f"run: x\n{envs}matrix: {{S: [1]}}", "j")[0].job.envs) == {"S": "1"}


@pytest.mark.parametrize("text", ["", "matrix:\n"])
def test_a_file_without_a_matrix_is_one_job(text: str) -> None:
    """Without a label."""
    (job,) = read_jobs(f"run: x\n{text}", "job.yaml")
    assert job == read_job("run: x", "job.yaml")
    assert job.label == ""


@pytest.mark.parametrize("values", ["[1]", "[1, 2]"])
def test_where_one_job_is_wanted_a_matrix_is_refused(values: str) -> None:
    """Even one combination: the label would be lost. The remedy names the command."""
    with pytest.raises(JobFileError, match=r"matrix: expected one job.*swineherd batch"):
        read_job(f"run: x\nmatrix: {{S: {values}}}", "job.yaml")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("matrix: [1, 2]", "job.yaml:2: matrix: expected a mapping of NAME: [value, …], found a list"),
        (
            "matrix: {}",
            "expected a mapping of NAME: [value, …], found an empty one. Write e.g. matrix: {SEED: [1, 2, 3]}",
        ),
        ("matrix: {S: 1}", "matrix.S: expected a list of values"),
        ("matrix: {S: []}", "matrix.S: expected a list of values, found an empty one"),
        ("matrix: {S: [[1]]}", "matrix.S: expected a list of plain values"),
        ("matrix: {S: [1, null]}", "matrix.S: expected a list of plain values"),
        ("matrix: {S: [1, '1']}", "matrix.S: expected each value once"),
        ("matrix: {'S T': [1]}", "expected a name of letters, digits and _"),
        ("envs: {S: a}\nmatrix: {S: [1]}", "job.yaml:3: matrix.S: expected each variable once, found it in envs too"),
        ("secrets: {S: a}\nmatrix: {S: [1]}", "secrets.S: expected each variable once"),
    ],
)
def test_what_is_wrong_is_named(text: str, wanted: str) -> None:
    """Field, expectation and find."""
    assert wanted in problem(text)


def test_there_is_a_most() -> None:
    """A thousand combinations are read, one more is not."""
    ten = list(range(10))
    assert len(read_jobs(f"run: x\nmatrix: {{A: {ten}, B: {ten}, C: {ten}}}", "j")) == MOST_COMBINATIONS
    assert "1001 combinations" in problem(
        f"matrix: {{A: {list(range(7))}, B: {list(range(11))}, C: {list(range(13))}}}"
    )


def test_a_problem_of_the_job_is_told_once() -> None:
    """Not once for each combination."""
    with pytest.raises(JobFileError) as caught:
        read_jobs("run: x\nhours: 0\nmatrix: {S: [1, 2]}", "job.yaml")
    assert len(caught.value.problems) == 1


def test_a_job_of_a_line_of_json() -> None:
    """The same fields, the same checks, and a matrix too."""
    jobs = read_json_jobs('{"run": "x", "hours": 1.5, "matrix": {"S": [1, 2]}}', "jobs.jsonl:3")
    assert [job.label for job in jobs] == ["S=1", "S=2"]
    with pytest.raises(JobFileError, match=r"jobs.jsonl:3: hours: expected hours above 0"):
        read_json_jobs('{"run": "x", "hours": 0}', "jobs.jsonl:3")
    with pytest.raises(JobFileError, match=r"broken JSON"):
        read_json_jobs('{"run": ', "jobs.jsonl:3")


def test_a_line_of_json_holds_no_secret() -> None:
    """There is no file to read it again from; the message does not show it."""
    with pytest.raises(JobFileError, match=r"secrets.TOKEN: expected null, found a value") as caught:
        read_json_jobs('{"run": "x", "secrets": {"TOKEN": "hunter2"}}', "jobs.jsonl:1")
    assert "hunter2" not in str(caught.value)
    assert read_json_jobs('{"run": "x", "secrets": {"TOKEN": null}}', "jobs.jsonl:1")[0].job.secrets == (
        ("TOKEN", None),
    )
