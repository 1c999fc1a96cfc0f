"""The command line as a user runs it: processes of their own, over real HTTP, SSH and SQLite, against the sandbox.

They are forks of a process that has imported everything (`tests.e2e.forks`). Commands that start from nothing, as a
shell's do, are those in a terminal or a pipe, those under another interpreter's settings, and `make demo`.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import yaml

from tests.e2e.forks import INTERPRETER, start
from tools.sandbox.endpoint import Endpoint
from tools.sandbox.processes import POD_VARIABLE

COMMAND = (sys.executable, "-m", "agent")

T = TypeVar("T")
Document = dict[str, Any]

ASK = '[payment]\nrails = ["credits"]\n'
"""A policy under which every credit is asked for."""

STRIPE = '[payment]\nrails = ["stripe"]\n'
"""A policy under which only a checkout pays."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Document:
        """Its stdout, which must be exactly one JSON document."""
        found = json.loads(self.stdout)
        assert isinstance(found, dict)
        return found

    @property
    def text(self) -> str:
        """All that it printed."""
        return self.stdout + self.stderr


class Started:
    """A command that runs beside the test, without a terminal."""

    def __init__(self, command: Sequence[str], env: dict[str, str], folder: Path) -> None:
        self.folder = folder
        self._stdout = folder / "stdout.txt"
        self._stderr = folder / "stderr.txt"
        self.process = start(command, env, folder)

    def said(self) -> str:
        """What it printed so far."""
        return self._stdout.read_text(errors="replace") + self._stderr.read_text(errors="replace")

    def until_said(self, words: str) -> str:
        """Wait for `words`; returns all that was printed up to now."""
        wait_for(lambda: words in self.said() or self.process.poll() is not None, f"{words!r} in what it prints")
        said = self.said()
        assert words in said, said
        return said

    @property
    def run_id(self) -> str:
        """The run's id, as soon as it is printed."""
        said = wait_for(lambda: next((line for line in self.said().splitlines() if line.startswith("▸ run ")), ""))
        return said.removeprefix("▸ run ").strip()

    def send(self, number: signal.Signals) -> None:
        """Signal the agent alone, as `kill` does."""
        self.process.send_signal(number)

    def done(self, seconds: float = 60) -> Done:
        """Wait for its end."""
        code = self.process.wait(timeout=seconds)
        return Done(code, self._stdout.read_text(), self._stderr.read_text())


@dataclass(frozen=True, slots=True)
class Swineherd:
    """A home with its sandbox, and the environment its commands run in."""

    home: Path
    endpoint: Endpoint
    scratch: Path
    extra: dict[str, str] = field(default_factory=dict)

    def env(self) -> dict[str, str]:
        """Nothing of the tester's own: no key, no login, no terminal settings."""
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "HOME": str(self.scratch),
            **INTERPRETER,
            "SWINEHERD_HOME": str(self.home),
            **self.extra,
        }

    def having(self, **variables: str) -> "Swineherd":
        """The same with more in the environment."""
        return replace(self, extra=self.extra | variables)

    def policy(self, toml: str) -> "Swineherd":
        """The same under a policy of its own."""
        path = self.scratch / "policy.toml"
        path.write_text(toml)
        return self.having(SWINEHERD_POLICY=str(path))

    def run(self, *arguments: str | Path, seconds: float = 60) -> Done:
        """Run a command to its end, without a terminal."""
        return self.start(*arguments).done(seconds)

    def start(self, *arguments: str | Path, command: Sequence[str] = COMMAND) -> Started:
        """Start a command and leave it running."""
        folder = self.scratch / f"command-{len(list(self.scratch.glob('command-*')))}"
        folder.mkdir()
        return Started([*command, *map(str, arguments)], self.env(), folder)

    def started_in(self, folder: Path, *arguments: str) -> Started:
        """Start a command in a folder that is there."""
        return Started([*COMMAND, *arguments], self.env(), folder)

    def show(self, run_id: str) -> Document:
        """`show RUN --json`."""
        shown = self.run("show", run_id, "--json")
        assert shown.code == 0, shown.text
        return shown.document

    def books(self) -> Document:
        """The sandbox's own books."""
        return asked(self.endpoint, "GET", "/_sandbox/books")

    def debits(self, document: Document) -> list[tuple[str, str, int]]:
        """What the sandbox took for the orders of a run: order, rail, cents."""
        orders = set(document["order_ids"])
        return [
            (one["order_id"], one["rail"], one["cents"]) for one in self.books()["debits"] if one["order_id"] in orders
        ]

    def folder(self, run_id: str) -> Path:
        """The folder of a run in the sandbox's store."""
        return self.home / "sandbox" / "runs" / run_id

    def log(self, run_id: str) -> bytes:
        """The job's log as it was kept."""
        return (self.folder(run_id) / "log.txt").read_bytes()

    def assert_gone(self, document: Document) -> None:
        """Every pod of a run is ended: in the books, on the disk, and among the processes."""
        booked = [order for order in self.books()["orders"] if order["order_id"] in document["order_ids"]]
        assert len(booked) == len(document["order_ids"]) > 0
        assert {order["status"] for order in booked} == {"terminated"}
        for order in booked:
            assert not (self.home / "sandbox" / "pods" / order["pod_id"]).exists()
            assert pod_processes(order["pod_id"]) == []


def asked(endpoint: Endpoint, method: str, path: str, body: Document | None = None) -> Document:
    """What the sandbox answers to somebody beside the agent."""
    url = endpoint.base_url.removesuffix("/api") + path
    # Certificates that nobody asks for on loopback take longer to load than the answer to come.
    answer = httpx.request(method, url, json=body, headers={"X-Api-Key": endpoint.api_key}, timeout=60, verify=False)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def pod_processes(pod_id: str) -> list[int]:
    """Processes that carry a pod's mark."""
    return [process.pid for process in psutil.process_iter() if _environ(process).get(POD_VARIABLE) == pod_id]


def _environ(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def wait_for(look: Callable[[], T], what: str = "", seconds: float = 45, pause: float = 0.02) -> T:
    """Look until there is something; what takes long is looked at ten times a second, or as seldom as `pause` says."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(pause)
        pause = max(pause, min(pause * 1.1, 0.1))
    raise AssertionError(f"waited {seconds} s in vain for {what or look}")


A_COMMAND = 1.0
"""Between two looks that are commands: without a pause they are all that the machine does."""


def write_job(folder: Path, run: str, **fields: object) -> Path:
    """A job file; without a workdir it uploads nothing."""
    path = folder / "job.yaml"
    path.write_text(yaml.safe_dump({"name": "e2e", "run": run, "hours": 0.1, **fields}, sort_keys=False))
    return path


@dataclass(frozen=True, slots=True)
class Gate:
    """A job that says that it runs, and goes on when it is let."""

    folder: Path

    def script(self, before: str, after: str) -> str:
        """`before`, then wait for `open`, then `after`."""
        here = f"touch '{self.folder}/reached'; until [ -e '{self.folder}/open' ]; do sleep 0.05; done"
        return f"{before}\n{here}\n{after}\n"

    def reached(self) -> None:
        """Wait until the job stands at the gate."""
        wait_for((self.folder / "reached").exists, "the job at its gate")

    def open(self) -> None:
        """Let it go on."""
        (self.folder / "open").touch()


@contextmanager
def ended(started: Started) -> Iterator[Started]:
    """Whatever the test does, the command does not outlive it."""
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
            started.process.wait(timeout=30)
