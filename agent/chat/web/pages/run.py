"""A run's page: its thread, what it asks, its log, and the way to end it."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus

from sse_starlette import ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from agent.chat.commands import Cancel, FreshOffer
from agent.chat.web.behind import Page, fields
from agent.chat.web.live import cursor_of
from agent.chat.web.pages.desk import Desk
from agent.chat.web.pages.run_view import RunSubject, run_view, shown
from agent.chat.web.sessions import Session
from agent.chat.web.stream import Stream
from agent.chat.web.templates import render


@dataclass(frozen=True, slots=True)
class RunPages:
    """What is served below /runs."""

    desk: Desk

    def all(self) -> list[Page | Stream]:
        """As the router takes them."""
        return [
            Page("/runs/{run_id}", self._show),
            Stream("/runs/{run_id}/events", self._events),
            Page("/runs/{run_id}/offer", self._offer, "POST"),
            Page("/runs/{run_id}/cancel", self._cancel, "POST"),
        ]

    async def _show(self, request: Request, session: Session) -> Response:
        run = self.desk.run(request)
        view = run_view(self.desk.parts, run, self.desk.parts.clock.now())
        return render("run.html", session, view=view, cursor=shown(view).cursor)

    def _events(self, request: Request, _: Session) -> AsyncGenerator[ServerSentEvent, None]:
        subject = RunSubject(self.desk.parts, self.desk.run(request).run_id)
        return self.desk.live.watch(subject, cursor_of(request))

    async def _offer(self, request: Request, session: Session) -> Response:
        """The card names the question that nobody answered: pressed twice, it makes one offer."""
        question = (await fields(request)).get("question") or "none"
        return await self._obeyed(request, session, FreshOffer(self.desk.run(request).run_id, question))

    async def _cancel(self, request: Request, session: Session) -> Response:
        return await self._obeyed(request, session, Cancel(self.desk.run(request).run_id))

    async def _obeyed(self, request: Request, session: Session, command: FreshOffer | Cancel) -> Response:
        heard = await self.desk.obey(command, session.by, HTTPStatus.CONFLICT)
        return self.desk.said(request, session, heard.words, f"/runs/{command.run_id}")
