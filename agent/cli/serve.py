"""serve: a worker with a web chat."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from agent.chat.web.door import Door
from agent.chat.web.links import VALID_WORDS
from agent.chat.web.notice import Notice
from agent.chat.web.place import Address
from agent.chat.web.server import serving, serving_health
from agent.cli import output
from agent.cli.terminal import who
from agent.cli.work import work
from agent.engine.engine import Engine
from agent.errors import BadSettings


def serve(*, sandbox: bool, address: Address, headless: bool, name: str | None) -> None:
    """Work and answer until SIGTERM or SIGINT.

    Args:
        name: whom the first login link is for, where several may log in.
    """
    with output.clear_errors():
        address.check()
        if headless and address.exposed:
            raise BadSettings("--headless serves no pages, and health on this machine alone: leave out --host")

    @asynccontextmanager
    async def front(engine: Engine) -> AsyncIterator[str]:
        log = structlog.get_logger()
        if headless:
            async with serving_health(engine, address) as origin:
                log.info("serving", address=origin)
                yield ""
            return
        async with serving(engine, address, who(), sandbox=sandbox) as door:
            log.info("serving", address=door.place.origin, login=f"`{door.for_link}` prints a login link")
            if sys.stderr.isatty():
                tell_link(door, name)
            yield door.place.origin

    work(sandbox=sandbox, front=front)


def tell_link(door: Door, name: str | None) -> None:
    """To the terminal alone, never into a log. Where several may log in, each needs a link of their own."""
    notice = Notice(door.place.origin, door.people)
    if name is None and len(notice.people) > 1:
        output.aside(f"`{door.for_link} --as NAME` prints a login link for one of {', '.join(notice.names)}")
        return
    user = notice.person(name)
    output.aside(f"log in as {user.partition(':')[2]}, once, within {VALID_WORDS}: {door.link(user)}")
