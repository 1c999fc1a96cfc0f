"""worker and serve: drive whatever nobody drives, until told to end."""

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from functools import partial

import structlog
from pydantic import SecretStr

from agent.assemble import open_herd
from agent.cli import output
from agent.cli.places import settings_or_fail
from agent.engine.engine import Engine
from agent.engine.log_lines import LogFace, log_to_stderr
from agent.engine.queue import DbosQueue, QueuePlace, in_file
from agent.engine.web import answering
from agent.parts import Parts


def work(*, sandbox: bool, port: int | None) -> None:
    """Work until SIGTERM or SIGINT; with a port also answer there. Exits with 0 once everything is let go."""
    with output.clear_errors():
        log_to_stderr()
        asyncio.run(_work(sandbox=sandbox, port=port))
        sys.exit(0)


async def _work(*, sandbox: bool, port: int | None) -> None:
    settings = settings_or_fail()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        herd = await stack.enter_async_context(open_herd(settings, sandbox=sandbox, face=LogFace()))
        place = _queue_of(herd.parts, None if sandbox else settings.database_url)
        engine = Engine(herd, partial(DbosQueue.open, place))
        if port is not None:
            address = await stack.enter_async_context(answering(engine, port))
            structlog.get_logger().info("serving", address=address)
        await engine.run(stop)


def _queue_of(parts: Parts, database_url: SecretStr | None) -> QueuePlace:
    """Beside the spend log: where that is lost, so are the legs."""
    if database_url is None:
        return in_file(parts.home.queue)
    from agent.engine.queue_postgres import in_postgres

    return in_postgres(database_url, parts.home_id)
