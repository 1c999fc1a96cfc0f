"""The first page: what waits for a human, the runs, the money; a box to type into, and the way to stop all spending."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from sse_starlette import ServerSentEvent
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agent.chat.commands import Freeze
from agent.chat.talks import command_in
from agent.chat.web.behind import Page, fields
from agent.chat.web.live import cursor_of
from agent.chat.web.pages.desk import Desk
from agent.chat.web.pages.home_view import HomeSubject, home_view, shown
from agent.chat.web.pages.talk import TalkPages
from agent.chat.web.refused import refuse
from agent.chat.web.sessions import Session
from agent.chat.web.stream import Stream
from agent.chat.web.templates import render
from agent.chat.web.words import seen
from agent.frozen import why_frozen

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HomePages:
    """What is served at /."""

    desk: Desk
    talk: TalkPages

    def all(self) -> list[Page | Stream]:
        """As the router takes them."""
        return [
            Page("/", self._show),
            Stream("/live", self._events),
            Page("/say", self._say, "POST"),
            Page("/freeze", self._freeze, "POST"),
            Page("/unfreeze", self._unfreeze, "POST"),
        ]

    async def _show(self, _: Request, session: Session) -> Response:
        view = home_view(self.desk.parts, self.desk.jobs, self.desk.parts.clock.now())
        talk = self.talk.of(session.user)
        return render("home.html", session, view=view, talk=talk, cursor=shown(view, talk).cursor)

    def _events(self, request: Request, session: Session) -> AsyncGenerator[ServerSentEvent, None]:
        subject = HomeSubject(self.desk.parts, self.desk.jobs, session.user, self.talk.of(session.user))
        return self.desk.live.watch(subject, cursor_of(request))

    async def _say(self, request: Request, session: Session) -> Response:
        text = (await fields(request)).get("text", "")
        command = command_in(self.desk.parts, text)
        if command is None:
            return self.talk.say(request, session, text)
        heard = await self.desk.obey(command, session.by, HTTPStatus.BAD_REQUEST)
        if heard.run_id:
            return self._to(request, f"/runs/{heard.run_id}")
        return self.desk.said(request, session, heard.words, "/")

    def _to(self, request: Request, path: str) -> Response:
        self.desk.live.look()
        if request.headers.get("hx-request"):
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": path})
        return RedirectResponse(path, HTTPStatus.SEE_OTHER)

    async def _freeze(self, request: Request, session: Session) -> Response:
        heard = await self.desk.obey(Freeze(), session.by, HTTPStatus.CONFLICT)
        return self.desk.said(request, session, heard.words, "/")

    async def _unfreeze(self, request: Request, session: Session) -> Response:
        """Only what was shown is cleared: the page names it."""
        shown = (await fields(request)).get("seen")
        causes, log = why_frozen(self.desk.parts.log), self.desk.parts.log
        if causes is None:
            return self.desk.said(request, session, "Spending was not frozen.", "/")
        same = shown == seen(causes.text())
        if not same or not log.unfreeze(self.desk.parts.clock.now(), seen=causes.last, by=session.by):
            raise refuse(HTTPStatus.CONFLICT, "there is another reason by now", "Read it first: load the page anew.")
        _log.info("unfrozen", by=session.by, causes=causes.text())
        return self.desk.said(request, session, "Spending is allowed again.", "/")
