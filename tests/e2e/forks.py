"""Asking the fork server for commands: each costs a fork in place of an interpreter that imports everything anew."""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Protocol

from tests.e2e.server import Order

ROOT = Path(__file__).resolve().parents[2]

INTERPRETER = {"LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
"""What an interpreter reads as it starts: a fork has the server's."""

_OF_AN_INTERPRETER = ("PYTHON", "LANG", "LC_")


class Process(Protocol):
    """A command that was started; `subprocess.Popen` is one."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def kill(self) -> None: ...


class Forked:
    """A command that the fork server started; the server waits for it, and leaves its exit code in a file."""

    def __init__(self, pid: int, ended: Path) -> None:
        self.pid = pid
        self._ended = ended

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it lives."""
        return int(self._ended.read_text()) if self._ended.exists() else None

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired`."""
        deadline = time.monotonic() + timeout
        while (code := self.returncode) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.005)
        return code

    def send_signal(self, sig: int) -> None:
        """Signal it, while it lives."""
        if self.returncode is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class _Forks:
    """One fork server, which ends with the test process."""

    def __init__(self) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=kept | INTERPRETER,
            start_new_session=True,
        )
        self._one_at_a_time = threading.Lock()

    def start(self, order: Order) -> Forked:
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answers is not None
        with self._one_at_a_time:
            asked.write(json.dumps(asdict(order)) + "\n")
            asked.flush()
            pid = answers.readline()
        assert pid, f"the fork server died over {order}"
        return Forked(int(pid), Path(order.ended))

    def close(self) -> None:
        self._process.communicate()


@cache
def _forks() -> _Forks:
    forks = _Forks()
    atexit.register(forks.close)
    return forks


def start(command: Sequence[str], env: Mapping[str, str], folder: Path) -> Process:
    """Start a command in a session of its own, without stdin; what it prints goes to files in `folder`.

    `python -m MODULE …` is forked, anything else and any other interpreter is a program that starts from nothing.
    """
    stdout, stderr = folder / "stdout.txt", folder / "stderr.txt"
    of_interpreter = {name: value for name, value in env.items() if name.startswith(_OF_AN_INTERPRETER)}
    if tuple(command[:2]) == (sys.executable, "-m") and of_interpreter == INTERPRETER:
        module, *arguments = command[2:]
        ended = folder / "ended.txt"
        for path in (stdout, stderr):
            path.touch()
        return _forks().start(Order(module, arguments, dict(env), str(folder), str(stdout), str(stderr), str(ended)))
    with stdout.open("wb") as out, stderr.open("wb") as err:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, cwd=folder, start_new_session=True
        )
