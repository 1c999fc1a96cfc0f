"""What is taken for a job file."""

import pytest

from policies.job_names import is_job_file


@pytest.mark.parametrize(
    ("name", "is_one"), [("job.yaml", True), ("a/JOB.YML", True), ("train.py", False), ("yaml", False)]
)
def test_a_job_file_is_known_by_its_ending(name: str, *, is_one: bool) -> None:
    """In either case of letters."""
    assert is_job_file(name) is is_one
