"""Somebody's browser at a web chat on the world of `tests.agent.world`: no socket, real pages, forms as they are."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.types import ASGIApp

from agent.chat.talks import Talks
from agent.chat.web.app import application
from agent.chat.web.door import Door, open_door
from agent.chat.web.links import links_of
from agent.chat.web.pages.all_pages import all_pages
from agent.chat.web.place import Address
from agent.discreet import Discreet
from tests.agent.world import World
from tools.ssh.snapshot import pack

PORT = 8402
_tokens = itertools.count(1)


def new_token() -> str:
    """As long as a real one."""
    return f"{next(_tokens):043d}"


def door_of(world: World, *people: str) -> Door:
    """A door for some people."""
    place = Address("127.0.0.1", PORT, None).place(PORT)
    links = links_of(world.home.web_links, world.clock.now)
    return open_door(place, links, world.clock, new_token, approvers=people, owner=None)


@dataclass
class Element:
    """A form, a link or a text of a page."""

    tag: str
    attributes: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.words: list[str] = []
        self._form: Element | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag == "form":
            self._form = element
        if tag in {"input", "textarea"} and self._form is not None and "name" in element.attributes:
            self._form.fields[element.attributes["name"]] = element.attributes.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        self.words += data.split()


@dataclass(frozen=True)
class Read:
    """A page as a human or a program reads it."""

    status: int
    html: str
    elements: list[Element]
    text: str

    @classmethod
    def of(cls, html: str, status: int = 200) -> "Read":
        """Parsed."""
        reader = _Reader()
        reader.feed(html)
        return cls(status, html, reader.elements, " ".join(reader.words))

    def form(self, action: str) -> Element:
        """The one form whose action ends so."""
        (form,) = [
            one for one in self.elements if one.tag == "form" and one.attributes.get("action", "").endswith(action)
        ]
        return form

    def has_form(self, action: str) -> bool:
        """Whether there is such a form."""
        return any(one.tag == "form" and one.attributes.get("action", "").endswith(action) for one in self.elements)


class Browser:
    """Logged in as somebody, by a link.

    Args:
        folder: of jobs in words.
        beside: another one, at the same server.
    """

    def __init__(
        self,
        world: World,
        user: str = "web:ann",
        *,
        door: Door | None = None,
        folder: Path | None = None,
        beside: "Browser | None" = None,
    ) -> None:
        self.door: Door = beside.door if beside else door or door_of(world, "web:ann", "web:bob")
        self._user = user
        self._talks = Talks(world.parts, pack, folder or world.root, world.saver, Discreet())
        pages = all_pages(world.parts, pack, world.root, self._talks)
        self._app: ASGIApp = beside._app if beside else application(self.door, pages)
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(
            transport=transport, base_url=self.door.place.origin, headers={"Origin": self.door.place.origin}
        )

    async def __aenter__(self) -> Self:
        await self._client.post(self.door.link(self._user))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._talks.close()
        await self._client.aclose()

    async def get(self, path: str) -> Read:
        """A page, wherever it leads."""
        answer = await self._client.get(path, follow_redirects=True)
        return Read.of(answer.text, answer.status_code)

    async def press(
        self, page: Read, action: str, changes: Mapping[str, str] | None = None, *, htmx: bool = False
    ) -> Read:
        """Send a form of a page as it stands there, some fields changed."""
        form = page.form(action)
        return await self.post(form.attributes["action"], form.fields | dict(changes or {}), htmx=htmx)

    async def post(self, path: str, data: dict[str, Any], *, htmx: bool = False) -> Read:
        """Send a form, and follow where it leads."""
        headers = {"HX-Request": "true"} if htmx else {}
        answer = await self._client.post(path, data=data, headers=headers, follow_redirects=True)
        return Read.of(answer.text, answer.status_code)
