"""A fork server for each store and test process, with a sandbox of its own; what it finds is summed up at the end."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.forks import Forks, Recordings
from tests.crash.scenarios import STORE
from tests.e2e.forks import ROOT
from tests.fixtures_postgres import postgres, ready
from tests.postgres import Cluster

__all__ = ["postgres", "ready"]


@contextmanager
def _serving(folder: Path, *databases: str) -> Iterator[Forks]:
    """It ends with its sandbox when its stdin does."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.crash.server", str(folder), *databases],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        yield Forks(process)


@pytest.fixture(scope="session")
def forks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """The fork server, on the store that this sweep is for."""
    if STORE == "postgres":
        yield request.getfixturevalue("forks_on_postgres")
        return
    with _serving(tmp_path_factory.mktemp("crash")) as forks:
        yield forks


@pytest.fixture(scope="session")
def forks_on_postgres(postgres: Cluster, ready: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """A fork server whose cases have a database each: a copy of `ready`."""
    with _serving(tmp_path_factory.mktemp("crash"), str(postgres.port), ready) as forks:
        yield forks


@pytest.fixture(scope="session")
def recordings(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """What each path reaches when nobody is killed; recorded once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    shared = base.parent if worker else base
    return Recordings(shared / "crash-recordings", forks, backwards=worker[-1:] in set("13579"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add up what the kills came to."""
    total: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "crash" and report.when == "call":
                    total += Counter(json.loads(value))
    if total:
        terminalreporter.write_line("crash sweep: " + ", ".join(f"{total[name]} {name}" for name in SUMMED))


SUMMED = (
    "kills",
    "not reached again",
    "double payments",
    "pods left",
    "pods nobody can know",
    "outputs lost",
    "seconds",
)
