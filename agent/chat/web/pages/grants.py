"""What was approved ahead: listed with what is left of it, and taken back."""

from collections.abc import AsyncGenerator, Hashable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from sse_starlette import ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from agent.chat.web.behind import Page
from agent.chat.web.live import Shown, Whole, cursor_of
from agent.chat.web.pages.desk import Desk
from agent.chat.web.pages.home_view import page_of
from agent.chat.web.refused import refuse
from agent.chat.web.sessions import Session
from agent.chat.web.stream import Stream
from agent.chat.web.templates import render, text
from agent.granted import Given, all_given, taken_back
from agent.parts import Parts
from tools.spend_log.answer_rows import RunGrant


@dataclass(frozen=True, slots=True)
class GrantsView:
    """All grants, the latest first, each with the page of what it is for."""

    listed: tuple[tuple[Given, str], ...]
    until: datetime | None
    """When it looks otherwise by time alone."""


def grants_view(parts: Parts) -> GrantsView:
    """As they stand now."""
    now = parts.clock.now()
    listed = [(one, page_of(parts, one.subject)) for one in all_given(parts.log, now)]
    ends = [end for one, _ in listed for end in _ends(one) if end > now]
    return GrantsView(tuple(listed[::-1]), min(ends, default=None))


def _ends(given: Given) -> list[datetime]:
    """When it stops paying, or being asked about."""
    return [given.grant.until, *([] if isinstance(given.grant, RunGrant) else [given.grant.expires_at])]


def shown(view: GrantsView) -> Shown:
    """The part of the page that changes."""
    return Shown([Whole.of("grants", text("grants_list.html", view=view))], view.until)


@dataclass(frozen=True, slots=True)
class GrantsSubject:
    """The grants, for those who watch them."""

    parts: Parts

    @property
    def name(self) -> str:
        """As no other page's."""
        return "grants"

    def marks(self) -> Hashable:
        """It shows no file."""
        return None

    def show(self) -> Shown:
        """As they stand now."""
        return shown(grants_view(self.parts))


@dataclass(frozen=True, slots=True)
class GrantPages:
    """What is served below /grants."""

    desk: Desk

    def all(self) -> list[Page | Stream]:
        """As the router takes them."""
        return [
            Page("/grants", self._list),
            Stream("/grants/events", self._events),
            Page("/grants/{grant_id}/revoke", self._revoke, "POST"),
        ]

    async def _list(self, _: Request, session: Session) -> Response:
        view = grants_view(self.desk.parts)
        return render("grants.html", session, view=view, cursor=shown(view).cursor)

    def _events(self, request: Request, _: Session) -> AsyncGenerator[ServerSentEvent, None]:
        return self.desk.live.watch(GrantsSubject(self.desk.parts), cursor_of(request))

    async def _revoke(self, request: Request, session: Session) -> Response:
        grant_id, parts = request.path_params["grant_id"], self.desk.parts
        if not taken_back(parts.log, grant_id, session.by, parts.clock.now()):
            raise refuse(HTTPStatus.NOT_FOUND, f"there is no grant {grant_id[:80]}", "All grants: /grants")
        return self.desk.said(request, session, f"{grant_id} pays for nothing more.", "/grants")
