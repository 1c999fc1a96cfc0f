"""A command of swineherd in a forked child, which dies where it is told to."""

import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agent import assemble, deadman
from agent.drive import Driver
from tests.crash import sites
from tests.crash.haste import Ahead

LEASE_HEARTBEAT_SECONDS = 0.1
POD_HEARTBEAT_SECONDS = 3.0
"""So that leases are renewed, and pods hear of us, within the second that a run takes here."""

DEFECT = 99
"""The exit code of a command that did not end by itself."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process is to die: as it reaches a site for the n-th time."""

    site: str
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class Errand:
    """What a child is to do.

    Attributes:
        command: one of the command line's own functions; it exits with the command's code.
        env: its environment.
        said: where stdout and stderr go.
        trace: every site that it reaches is written there, one a line.
        dies_at: where it is killed, if at all.
    """

    command: Callable[[], None]
    env: Mapping[str, str]
    said: Path
    trace: Path
    dies_at: Point | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """A process that was forked here."""

    pid: int

    def ended(self) -> int | None:
        """Its exit code, negative for a signal; None while it lives."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return None if pid == 0 else os.waitstatus_to_exitcode(status)

    def kill(self) -> None:
        """End it, whatever it does."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def fork(errand: Errand, time: Ahead) -> Child:
    """Start it. Nothing that was open here is used there: no database, no connection, no loop."""
    pid = os.fork()
    if pid:
        return Child(pid)
    code = DEFECT
    try:
        _become(errand, time)
        errand.command()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else DEFECT
    except BaseException:  # noqa: BLE001 - a fork must never return into the code of its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become(errand: Errand, time: Ahead) -> None:
    """Turn this copy of the server into a process that a shell might have started."""
    os.environ.clear()
    os.environ.update(errand.env)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    said = os.open(errand.said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target, source in ((0, nowhere), (1, said), (2, said)):
        os.dup2(source, target)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    time.rule()
    driver = partial(Driver, heartbeat_seconds=LEASE_HEARTBEAT_SECONDS)
    setattr(assemble, Driver.__name__, driver)
    deadman.BETWEEN_HEARTBEATS = POD_HEARTBEAT_SECONDS
    trace = os.open(errand.trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sites.watch(_Tally(trace, errand.dies_at))


class _Tally:
    """Counts the sites as they are reached, writes each one down, and kills the process at one of them."""

    def __init__(self, trace: int, dies_at: Point | None) -> None:
        self._trace = trace
        self._dies_at = dies_at
        self._reached: Counter[str] = Counter()

    def __call__(self, site: str) -> None:
        self._reached[site] += 1
        os.write(self._trace, f"{site}\n".encode())
        if Point(site, self._reached[site]) == self._dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
