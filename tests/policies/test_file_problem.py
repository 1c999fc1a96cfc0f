import pytest

from policies.file_problem import FileError, FileProblem, did_you_mean, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a", "'a'"), ("x" * 60, f"'{'x' * 60}'"), ("x" * 61, f"'{'x' * 59}…'"), ("\x1b\u202e\n", r"'\x1b\u202e\n'")],
)
def test_text_from_a_file_is_shown_short_and_visible(text: str, expected: str) -> None:
    """Sixty characters, quoted; what a terminal would obey or hide is escaped."""
    assert shown(text) == expected


def test_a_problem_names_place_expectation_find_and_remedy() -> None:
    """With a line and without, for a field and for the whole file."""
    problem = FileProblem("job.yaml", 3, "hours", "a number", "'x'", "Write 2.")
    assert str(problem) == "job.yaml:3: hours: expected a number, found 'x'. Write 2."
    whole = FileProblem("job.yaml", None, "", "a number", "'x'", "Write 2.")
    assert str(whole) == "job.yaml: expected a number, found 'x'. Write 2."
    assert str(FileError([problem, whole])) == f"{problem}\n{whole}"


def test_a_strange_name_gets_the_nearest_one_or_all_of_them() -> None:
    """A typing mistake is mended; something else gets the list in order."""
    assert did_you_mean("hour", ["name", "hours"]) == "Did you mean 'hours'?"
    assert did_you_mean("zzz", ["name", "hours"]) == "Remove it, or use one of: hours, name."
