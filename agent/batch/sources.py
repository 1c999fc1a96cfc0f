"""What a batch is made of: job files, folders of them, JSON lines; a `matrix:` stands for several."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from agent.submit import BadJob, ReadJob, job_text
from policies.file_problem import FileError, FileProblem
from policies.job import JobFile, read_jobs, read_json_jobs
from policies.job_names import is_job_file

MOST_JOBS = 1000

T = TypeVar("T")

STDIN = Path("-")
_JSON_LINES = frozenset({".jsonl", ".ndjson"})


def read_batch(sources: Sequence[Path], ignore: frozenset[str]) -> list[ReadJob]:
    """Every job in the order given; a folder's files by name.

    Raises:
        BadJob: a source can't be read, or there are no jobs or too many.
        FileError: with every problem of every file.
    """
    jobs = _all(lambda source: _read(source, ignore), sources)
    if not jobs:
        raise BadJob(f"no job in {', '.join(map(str, sources))}")
    if len(jobs) > MOST_JOBS:
        raise BadJob(f"{len(jobs)} jobs are too many for one batch: {MOST_JOBS} at most")
    return jobs


def _read(source: Path, ignore: frozenset[str]) -> list[ReadJob]:
    if source == STDIN:
        return _json_lines(sys.stdin.read(), Path("stdin"), ignore)
    try:
        if source.is_dir():
            return _folder(source, ignore)
    except OSError as error:
        raise BadJob(f"{source}: {error.strerror}") from error
    if source.suffix.lower() in _JSON_LINES:
        return _json_lines(job_text(source), source, ignore)
    return _labelled(read_jobs(job_text(source), str(source), ignore), source, source.stem)


def _folder(folder: Path, ignore: frozenset[str]) -> list[ReadJob]:
    files = sorted(
        path
        for path in folder.iterdir()
        if (is_job_file(path.name) or path.suffix.lower() in _JSON_LINES) and path.is_file()
    )
    if not files:
        raise BadJob(f"{folder}: no job file (.yaml, .yml, .jsonl) in this folder")
    return _all(lambda path: _read(path, ignore), files)


def _json_lines(text: str, file: Path, ignore: frozenset[str]) -> list[ReadJob]:
    """One object a line; relative paths are as in a job file beside it, of standard input as in the working folder."""
    written = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]

    def read(numbered: tuple[int, str]) -> list[ReadJob]:
        number, line = numbered
        return _labelled(read_json_jobs(line, f"{file}:{number}", ignore), file, f"line {number}")

    return _all(read, written)


def _all(read: Callable[[T], list[ReadJob]], parts: Sequence[T]) -> list[ReadJob]:
    """The jobs of all parts; every one is read before a problem rises, so that one look mends them all."""
    jobs: list[ReadJob] = []
    problems: list[FileProblem] = []
    for part in parts:
        try:
            jobs += read(part)
        except FileError as error:
            problems += error.problems
    if problems:
        raise FileError(problems)
    return jobs


def _labelled(read: Sequence[JobFile], path: Path, unnamed: str) -> list[ReadJob]:
    return list(_each(read, path.resolve(), unnamed))


def _each(read: Sequence[JobFile], path: Path, unnamed: str) -> Iterator[ReadJob]:
    for one in read:
        name = unnamed if one.job.name == "job" else one.job.name
        yield ReadJob(one.job, path, one.warnings, f"{name} {one.label}".strip())
