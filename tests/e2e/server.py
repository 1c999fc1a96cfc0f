"""The fork server of commands, `python -m tests.e2e.server`: all is imported once, each command is a fork.

Reads one `Order` a line on stdin, as JSON, and answers with its pid, one line on stdout. A fork is from then on what
`python -m MODULE ARGUMENTS…` is once it has imported everything, down to the interpreter's ordinary end.
"""

import json
import os
import pkgutil
import runpy
import select
import signal
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from agent import cli
from tests.preload import preload

WITH_AN_ENGINE = {"agent.cli.work", "agent.cli.serve"}
"""No other command imports DBOS."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command to be started.

    Attributes:
        folder: its working directory.
        stdout, stderr: files that are made anew.
        ended: the file in which its exit code is left, negative for a signal.
    """

    module: str
    arguments: list[str]
    env: dict[str, str]
    folder: str
    stdout: str
    stderr: str
    ended: str


class Server:
    """Forks, and waits for its forks."""

    def __init__(self) -> None:
        self._endings: dict[int, Path] = {}
        self._woken, self._wakes = os.pipe()
        os.set_blocking(self._wakes, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakes)

    def next_command(self) -> Order | None:
        """None once stdin has ended; returns an order only in the child that it is for."""
        while True:
            ready, _, _ = select.select([sys.stdin, self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, 4096)
                self._reap()
            if sys.stdin not in ready:
                continue
            line = sys.stdin.readline()
            if not line:
                return None
            order = Order(**json.loads(line))
            pid = os.fork()
            if not pid:
                self._leave()
                return order
            self._endings[pid] = Path(order.ended)
            sys.stdout.write(f"{pid}\n")
            sys.stdout.flush()

    def _reap(self) -> None:
        for pid in [*self._endings]:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                ended = self._endings.pop(pid)
                partial = ended.with_suffix(".partial")
                partial.write_text(str(os.waitstatus_to_exitcode(status)))
                partial.replace(ended)

    def _leave(self) -> None:
        """Nothing of the server's is left in a child."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(self._woken)
        os.close(self._wakes)


def become(order: Order) -> None:
    """A process as a shell would have started it without a terminal."""
    os.setsid()
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.env)
    time.tzset()
    anew = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for target, path, how in ((0, os.devnull, os.O_RDONLY), (1, order.stdout, anew), (2, order.stderr, anew)):
        opened = os.open(path, how, 0o600)
        os.dup2(opened, target)
        os.close(opened)
    sys.argv = [order.module, *order.arguments]


def main() -> None:
    """Serve until stdin ends; in a child, run its command."""
    names = (module.name for module in pkgutil.iter_modules(cli.__path__, "agent.cli."))
    for name in names:
        if name not in WITH_AN_ENGINE:
            import_module(name)
    preload()
    order = Server().next_command()
    if order is not None:
        become(order)
        runpy.run_module(order.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
