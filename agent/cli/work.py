"""worker, and what `serve` is beside its pages: drive whatever nobody drives, until told to end."""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from agent.assemble import open_herd
from agent.chat.channels import channels
from agent.chat.talks import Talks
from agent.cli import output
from agent.cli.places import settings_or_fail
from agent.engine.engine import Engine
from agent.engine.log_lines import LogFace, log_to_stderr
from agent.engine.queue import DbosQueue, QueuePlace, in_file
from agent.parts import Parts

Front = Callable[[Engine], AbstractAsyncContextManager[str]]
"""What answers while a worker works; yields where people find the web chat, or ""."""


def work(*, sandbox: bool, front: Front | None = None) -> None:
    """Work until SIGTERM or SIGINT. Exits with 0 once everything is let go."""
    with output.clear_errors():
        log_to_stderr()
        asyncio.run(_work(sandbox=sandbox, front=front))
        sys.exit(0)


async def _work(*, sandbox: bool, front: Front | None) -> None:
    settings = settings_or_fail()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        herd = await stack.enter_async_context(open_herd(settings, sandbox=sandbox, face=LogFace()))
        place = _queue_of(herd.parts, None if sandbox else settings.database_url)
        engine = Engine(herd, partial(DbosQueue.open, place))
        link = await stack.enter_async_context(front(engine)) if front is not None else ""
        talks = Talks(herd.parts, herd.packer, Path.cwd(), herd.saver, herd.driver.discreet)
        await stack.enter_async_context(channels(herd.parts, settings, talks, link))
        await engine.run(stop)


def _queue_of(parts: Parts, database_url: SecretStr | None) -> QueuePlace:
    """Beside the spend log: where that is lost, so are the legs."""
    if database_url is None:
        return in_file(parts.home.queue)
    from agent.engine.queue_postgres import in_postgres

    return in_postgres(database_url, parts.home_id)
