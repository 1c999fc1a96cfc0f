"""worker and serve: drive whatever nobody drives, until told to end."""

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from functools import partial

import structlog

from agent.assemble import open_herd
from agent.cli import output
from agent.cli.places import settings_or_fail
from agent.engine.engine import Engine
from agent.engine.log_lines import LogFace, log_to_stderr
from agent.engine.queue import DbosQueue, sqlite_url
from agent.engine.web import answering


def work(*, sandbox: bool, port: int | None) -> None:
    """Work until SIGTERM or SIGINT; with a port also answer there. Exits with 0 once everything is let go."""
    with output.clear_errors():
        log_to_stderr()
        asyncio.run(_work(sandbox=sandbox, port=port))
        sys.exit(0)


async def _work(*, sandbox: bool, port: int | None) -> None:
    settings = settings_or_fail()
    if settings.database_url is not None and not sandbox:
        # A run's files are on the machine where it was submitted, and workers share the runs of a store by their names.
        remedy = "`run`, `batch`, `resume` and `sweep` work there; unset SWINEHERD_DATABASE_URL for a worker"
        output.fail(f"workers on PostgreSQL are still to come: {remedy}", output.USAGE)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        herd = await stack.enter_async_context(open_herd(settings, sandbox=sandbox, face=LogFace()))
        database_url = sqlite_url(herd.parts.home.queue)
        engine = Engine(herd, partial(DbosQueue.open, database_url))
        if port is not None:
            address = await stack.enter_async_context(answering(engine, port))
            structlog.get_logger().info("serving", address=address)
        await engine.run(stop)
