"""A web chat on a port of loopback, on a thread of its own, with a clock that tests move."""

import asyncio
import secrets
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sse_starlette import ServerSentEvent
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from agent.chat.talks import Talks
from agent.chat.web.app import application
from agent.chat.web.behind import Page, fields
from agent.chat.web.door import Door, open_door
from agent.chat.web.gate import Bounds
from agent.chat.web.links import Links
from agent.chat.web.pages.all_pages import all_pages
from agent.chat.web.place import Place
from agent.chat.web.sessions import Session
from agent.chat.web.stream import Stream
from agent.discreet import Discreet
from agent.serving import answering, listening
from tests.agent.world import ASK, World
from tests.fakes.clock import FakeClock
from tests.hostile.web.visitor import Visitor
from tools.ssh.snapshot import pack

BOUNDS = Bounds(most_bytes=64 * 1024, seconds=0.3)
PUBLIC = "https://herd.example"


@dataclass
class Served:
    """One server."""

    port: int
    door: Door
    clock: FakeClock
    acts: list[str] = field(default_factory=list)
    """Who did what: nothing of it may ever come from anybody else."""
    pages: list[Page | Stream] = field(default_factory=list)
    """All that there are in earnest; those of the tests come on top."""

    def visitor(self) -> Visitor:
        """Somebody at the right address who is not logged in."""
        return Visitor(self.port, self.door.place.hosts[0], self.door.place.origin)

    def link(self, user: str = "web:ann") -> str:
        """The path of a fresh login link."""
        return f"/login/{self.door.links.make(user)}"

    def logged_in(self, user: str = "web:ann") -> Visitor:
        """Somebody who came in by a link, with the CSRF token of their page."""
        visitor = self.visitor()
        visitor.cookies = visitor.post(self.link(user)).cookie
        visitor.csrf = visitor.get("/csrf").text
        return visitor


@contextmanager
def served(folder: Path, *, public: bool = False) -> Iterator[Served]:
    """A server until the block ends.

    Args:
        public: behind a proxy with TLS, by the name of `PUBLIC`.
    """
    clock = FakeClock()
    with listening("127.0.0.1", 0) as sock:
        port: int = sock.getsockname()[1]
        own = tuple(f"http://{name}:{port}" for name in ("127.0.0.1", "localhost"))
        place = Place((PUBLIC,), secure=True) if public else Place(own, secure=False)
        links = Links(folder / "web-links", clock.now, _token)
        door = open_door(place, links, clock, _token, approvers=("web:ann", "web:bob", "slack:U1"), owner=None)
        chat = Served(port, door, clock)
        up, loop, end = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

        async def answer() -> None:
            world = World(folder, ASK)  # here, for its spend log is of one thread
            chat.pages += all_pages(
                world.parts, pack, folder, Talks(world.parts, pack, folder, world.saver, Discreet())
            )
            async with answering(sock, application(door, [*chat.pages, *_pages(chat)], BOUNDS)):
                up.set()
                await end.wait()
                door.sessions.close()
            world.log.close()

        def run() -> None:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(answer())

        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert up.wait(10)
            yield chat
        finally:
            loop.call_soon_threadsafe(end.set)
            thread.join(10)


def _token() -> str:
    return secrets.token_urlsafe(32)


def _pages(chat: Served) -> list[Page | Stream]:
    """What a test needs to see."""

    async def csrf(_: Request, session: Session) -> Response:
        return PlainTextResponse(session.csrf)

    async def act(request: Request, session: Session) -> Response:
        chat.acts.append(f"{session.by}: {(await fields(request)).get('say', '')}")
        return PlainTextResponse("done")

    async def defect(_: Request, __: Session) -> Response:
        raise RuntimeError("the secret is in the traceback")

    async def events(_: Request, session: Session) -> AsyncGenerator[ServerSentEvent, None]:
        yield ServerSentEvent(session.user)
        await asyncio.Event().wait()

    return [Page("/csrf", csrf), Page("/act", act, "POST"), Page("/defect", defect), Stream("/events", events)]
