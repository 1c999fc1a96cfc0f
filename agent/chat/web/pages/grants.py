"""What was approved ahead: listed with what is left of it, and taken back."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from agent.chat.web.behind import Page
from agent.chat.web.pages.desk import Desk
from agent.chat.web.pages.home_view import page_of
from agent.chat.web.refused import refuse
from agent.chat.web.sessions import Session
from agent.chat.web.templates import render
from agent.granted import all_given, taken_back


@dataclass(frozen=True, slots=True)
class GrantPages:
    """What is served below /grants."""

    desk: Desk

    def all(self) -> list[Page]:
        """As the router takes them."""
        return [Page("/grants", self._list), Page("/grants/{grant_id}/revoke", self._revoke, "POST")]

    async def _list(self, _: Request, session: Session) -> Response:
        parts = self.desk.parts
        listed = [(one, page_of(parts, one.subject)) for one in all_given(parts.log, parts.clock.now())]
        return render("grants.html", session, grants=listed[::-1])

    async def _revoke(self, request: Request, session: Session) -> Response:
        grant_id, parts = request.path_params["grant_id"], self.desk.parts
        if not taken_back(parts.log, grant_id, session.by, parts.clock.now()):
            raise refuse(HTTPStatus.NOT_FOUND, f"there is no grant {grant_id[:80]}", "All grants: /grants")
        return self.desk.said(request, session, f"{grant_id} pays for nothing more.", "/grants")
