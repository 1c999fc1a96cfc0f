"""The door: what it takes to come in, and who is in."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.requests import Request

from agent.chat.approvers import may_answer, named
from agent.chat.web.limits import Rate, Room, Streams
from agent.chat.web.links import Links
from agent.chat.web.place import Place
from agent.chat.web.sessions import Session, Sessions
from tools.ports import Clock

FAILED_LOGINS = 10
"""In a minute from one address. A link that fits opens nevertheless: behind a proxy all come from one address, and with
256 bits to guess nobody needs to be locked out."""
CHANGES = 60
"""In a minute by one session."""


@dataclass(frozen=True, slots=True)
class Door:
    """Of one server.

    Attributes:
        approvers: `chat.approvers` of the policy.
        owner: whoever may log in although no approver is named, or None.
        for_link: the command that prints a fresh link.
        world: see `Session`.
    """

    place: Place
    links: Links
    sessions: Sessions
    streams: Streams
    failed_logins: Rate
    changes: Rate
    approvers: tuple[str, ...]
    owner: str | None
    for_link: str
    world: str = ""

    @property
    def people(self) -> tuple[str, ...]:
        """Who may log in."""
        return (*named("web", self.approvers), *([self.owner] if self.owner else []))

    def admits(self, user: str) -> bool:
        """Whether somebody may be in here at all: nobody may who can't answer."""
        return may_answer(user, self.approvers, self.owner)

    def session(self, request: Request) -> Session | None:
        """Who asks; None for nobody who is logged in."""
        cookie = request.cookies.get(self.place.cookie)
        session = self.sessions.find(cookie, address_of(request)) if cookie else None
        return replace(session, world=self.world) if session is not None and self.admits(session.user) else None

    def link(self, user: str) -> str:
        """A fresh one-time link for somebody, whole."""
        return f"{self.place.origin}/login/{self.links.make(user)}"


def open_door(
    place: Place,
    links: Links,
    clock: Clock,
    new_token: Callable[[], str],
    *,
    approvers: tuple[str, ...],
    owner: str | None,
    for_link: str = "swineherd serve --link",
    world: str = "",
) -> Door:
    """A door that nobody has come through yet.

    Args:
        new_token: 256 random bits in base64url.
    """
    return Door(
        place,
        links,
        Sessions(clock.now, new_token),
        Streams(Room()),
        Rate(FAILED_LOGINS, 60, clock.monotonic),
        Rate(CHANGES, 60, clock.monotonic),
        approvers,
        owner,
        for_link,
        world,
    )


def address_of(request: Request) -> str:
    """The other end of the connection. What a header says of a client is anybody's word."""
    return request.client.host if request.client else "unknown"
