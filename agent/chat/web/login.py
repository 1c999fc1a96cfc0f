"""Coming in, going out, and coming in from another device."""

from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from agent.chat.web.behind import Page
from agent.chat.web.door import Door, address_of
from agent.chat.web.guard import Refusal
from agent.chat.web.links import VALID_WORDS
from agent.chat.web.refused import Refused, refuse
from agent.chat.web.sessions import LONGEST, Session
from agent.chat.web.templates import render

_log = structlog.get_logger()


class Login:
    """The way in: a link is shown first, for who previews it must not use it up, and opens by a press of its button."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._how = f"`{door.for_link}` in a terminal there prints a fresh one."

    def public(self) -> list[Route]:
        """For everybody."""
        return [
            Route("/login", self._explain, methods=["GET"]),
            Route("/login/{token}", self._ask, methods=["GET"]),
            Route("/login/{token}", self._enter, methods=["POST"]),
        ]

    def pages(self) -> list[Page]:
        """For those who are in."""
        return [
            Page("/logout", self._leave, "POST"),
            Page("/logout-everywhere", self._leave_everywhere, "POST"),
            Page("/devices", self._devices),
            Page("/devices", self._another_device, "POST"),
        ]

    async def _explain(self, _: Request) -> Response:
        return render("login.html", how=self._how)

    async def _ask(self, request: Request) -> Response:
        user = self._door.links.user(request.path_params["token"])
        if user is None:
            raise self._wrong_link(request)
        return render("enter.html", user=user)

    async def _enter(self, request: Request) -> Response:
        user = self._door.links.use(request.path_params["token"])
        if user is None:
            raise self._wrong_link(request)
        if not self._door.admits(user):
            raise refuse(HTTPStatus.FORBIDDEN, f"{user} is not in chat.approvers of the policy")
        if (before := self._door.session(request)) is not None:
            self._door.sessions.end(before.key)
        _log.info("logged in", user=user, address=address_of(request))
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        self._set_cookie(answer, self._door.sessions.begin(user))
        return answer

    async def _leave(self, _: Request, session: Session) -> Response:
        self._door.sessions.end(session.key)
        return self._left()

    async def _leave_everywhere(self, _: Request, session: Session) -> Response:
        self._door.sessions.end_all_of(session.user)
        return self._left()

    async def _devices(self, _: Request, session: Session) -> Response:
        return self._shown(session, link=None)

    async def _another_device(self, _: Request, session: Session) -> Response:
        return self._shown(session, link=self._door.link(session.user))

    def _shown(self, session: Session, *, link: str | None) -> Response:
        places, local = self._door.sessions.of(session.user), not self._door.place.secure
        return render("devices.html", session, places=places, link=link, local=local, valid=VALID_WORDS)

    def _left(self) -> Response:
        answer = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
        self._set_cookie(answer, "", seconds=0)
        return answer

    def _set_cookie(self, answer: Response, value: str, *, seconds: int = int(LONGEST.total_seconds())) -> None:
        place = self._door.place
        answer.set_cookie(
            place.cookie, value, max_age=seconds, path="/", secure=place.secure, httponly=True, samesite="strict"
        )

    def _wrong_link(self, request: Request) -> Refused:
        address = address_of(request)
        if wait := self._door.failed_logins.wait(address):
            return Refused(Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many links that open nothing", self._how, wait))
        _log.warning("a login link that opens nothing", address=address)
        return refuse(
            HTTPStatus.NOT_FOUND, f"this link opens nothing: each opens once, within {VALID_WORDS}", self._how
        )
