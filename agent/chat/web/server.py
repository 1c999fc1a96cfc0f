"""`serve`: the web chat beside health and metrics, on one port."""

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from agent.chat.approvers import named, owner_of
from agent.chat.talks import Talks
from agent.chat.web.app import application
from agent.chat.web.door import Door, open_door
from agent.chat.web.headers import SafeHeaders
from agent.chat.web.links import links_of, new_token
from agent.chat.web.notice import Notice, noticed
from agent.chat.web.pages.all_pages import all_pages
from agent.chat.web.place import PORT, Address
from agent.engine.engine import Engine
from agent.engine.web import PATHS
from agent.engine.web import app as health_of
from agent.errors import BadSettings
from agent.parts import Parts
from agent.serving import answering, listening

PLAY_MONEY = "sandbox: play money"


@asynccontextmanager
async def serving(engine: Engine, address: Address, terminal_user: str, *, sandbox: bool) -> AsyncIterator[Door]:
    """Answer until the block ends.

    Args:
        sandbox: with play money; its links are in a home of their own.

    Raises:
        BadSettings: the address can't be served safely, or the port is taken.
    """
    parts = engine.herd.parts
    address.check()
    check_approvers(address, parts.policy.chat.approvers)
    with listening(address.host, address.port) as sock:
        port: int = sock.getsockname()[1]
        door = _door(parts, address, port, terminal_user, sandbox=sandbox)
        talks = Talks(parts, engine.herd.packer, Path.cwd(), engine.herd.saver, engine.herd.driver.discreet)
        pages = all_pages(parts, engine.herd.packer, Path.cwd(), talks)
        app = Beside(SafeHeaders(health_of(engine), secure=False), application(door, pages))
        notice = Notice(door.place.origin, door.people)
        with noticed(parts.home.web_links, port, notice, parts.holder):
            async with answering(sock, app):
                try:
                    yield door
                finally:
                    door.sessions.close()
                    await talks.close()


@asynccontextmanager
async def serving_health(engine: Engine, address: Address) -> AsyncIterator[str]:
    """Health and metrics alone, on loopback; yields where.

    Raises:
        BadSettings: the port is taken.
    """
    with listening(address.host, address.port) as sock:
        async with answering(sock, health_of(engine)):
            yield f"http://{address.host}:{sock.getsockname()[1]}"


def check_approvers(address: Address, approvers: tuple[str, ...]) -> None:
    """Raises `BadSettings` where others than this machine's people could come, and the policy does not say who may."""
    if address.exposed and not named("web", approvers):
        remedy = 'name who may log in, and answer for money: chat.approvers = ["web:NAME"] in the policy'
        raise BadSettings(f"a web chat that others can reach: {remedy}")


def _door(parts: Parts, address: Address, port: int, terminal_user: str, *, sandbox: bool) -> Door:
    approvers = parts.policy.chat.approvers
    return open_door(
        address.place(port),
        links_of(parts.home.web_links, parts.clock.now),
        parts.clock,
        new_token,
        approvers=approvers,
        owner=owner_of(terminal_user, approvers, exposed=address.exposed),
        for_link=_for_link(port, sandbox=sandbox),
        world=PLAY_MONEY if sandbox else "",
    )


def _for_link(port: int, *, sandbox: bool) -> str:
    which = " --sandbox" if sandbox else ""
    return f"swineherd serve --link{which}" + (f" --port {port}" if port != PORT else "")


class Beside:
    """Health for whoever asks on this machine, without a login; everything else is the chat's."""

    def __init__(self, health: ASGIApp, chat: ASGIApp) -> None:
        self._health = health
        self._chat = chat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        here = scope["client"] is not None and ipaddress.ip_address(scope["client"][0]).is_loopback
        app = self._health if here and scope["path"] in PATHS else self._chat
        await app(scope, receive, send)
