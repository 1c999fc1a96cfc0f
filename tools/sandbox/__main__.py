"""`python -m tools.sandbox`: serve one sandbox until it is idle, asked to close or signalled."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from tools.sandbox.locks import held
from tools.sandbox.process import ANOTHER_SERVES, READY, server_lock


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.sandbox", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="its folder; one server at a time")
    parser.add_argument("--port", type=int, default=0, help="default: the port of last time, else any")
    parser.add_argument("--deploy-seconds", type=float, help="how long a pod takes to come up (default 1.5)")
    parser.add_argument("--idle-seconds", type=float, default=600.0, help="end after so long without requests or pods")
    parser.add_argument("--detach", action="store_true", help="return once it answers and leave it running")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace, ready_fd: int | None) -> None:
    from tools.sandbox.server import Options, serving  # noqa: PLC0415 - the lock is tried before the slow imports

    options = Options(arguments.home, arguments.port, arguments.deploy_seconds, arguments.idle_seconds)
    async with serving(options) as sandbox:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, sandbox.closing.set)
        if ready_fd is None:
            sys.stdout.write(f"{sandbox.endpoint.base_url}\n")
            sys.stdout.flush()
        else:
            os.write(ready_fd, READY)
            os.close(ready_fd)
        await sandbox.until_closed()


def _run(arguments: argparse.Namespace, ready_fd: int | None) -> int:
    arguments.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with held(server_lock(arguments.home), timeout_seconds=5.0) as mine:
        if not mine:
            sys.stderr.write(f"another server holds {arguments.home}\n")
            return ANOTHER_SERVES
        asyncio.run(_serve(arguments, ready_fd))
    return 0


def _detach(arguments: argparse.Namespace) -> int:
    """Serve in a forked child that nobody has to wait for; returns once it answers or has failed."""
    ready_read, ready_write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ready_read)
        os.setsid()
        return _run(arguments, ready_write)
    os.close(ready_write)
    with os.fdopen(ready_read, "rb") as pipe:
        answer = pipe.read(len(READY))
    if answer == READY:
        return 0
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or 1


def main() -> int:
    """Returns the exit code; `ANOTHER_SERVES` when the home is taken."""
    arguments = _arguments()
    arguments.home = arguments.home.resolve()
    return _detach(arguments) if arguments.detach else _run(arguments, None)


if __name__ == "__main__":
    sys.exit(main())
