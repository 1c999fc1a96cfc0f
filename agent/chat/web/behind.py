"""Pages that only somebody who is logged in gets to see. There is no other way to add one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from agent.chat.web.door import Door
from agent.chat.web.guard import SAFE_METHODS, Refusal
from agent.chat.web.refused import Refused, refuse
from agent.chat.web.sessions import Session
from agent.chat.web.stream import Stream, streaming
from agent.chat.web.templates import render

Handler = Callable[[Request, Session], Awaitable[Response]]
"""What a page does, for whoever is logged in."""
Endpoint = Callable[[Request], Awaitable[Response]]

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"


@dataclass(frozen=True, slots=True)
class Page:
    """A page, or what a form does: a `POST` comes with a body that is read and a CSRF token that fits."""

    path: str
    handler: Handler
    method: Literal["GET", "POST"] = "GET"


def route(door: Door, page: Page | Stream) -> Route:
    """As the router takes it: nobody without a session gets through."""
    if isinstance(page, Page):
        return Route(page.path, behind_login(door, page.handler), methods=[page.method])
    return Route(page.path, behind_login(door, streaming(door, page.events)), methods=["GET"])


def behind_login(door: Door, handler: Handler) -> Endpoint:
    """The handler, for somebody who is logged in; anybody else is sent to the login."""

    async def endpoint(request: Request) -> Response:
        session = door.session(request)
        if session is None:
            return _nobody(request)
        if request.method not in SAFE_METHODS:
            await _check_change(door, request, session)
        return await handler(request, session)

    return endpoint


async def fields(request: Request) -> Mapping[str, str]:
    """What a form says, each field once."""
    try:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=100, errors="strict")
    except ValueError as error:
        raise refuse(HTTPStatus.BAD_REQUEST, "this form can't be read") from error
    said = dict(pairs)
    if len(said) != len(pairs):
        raise refuse(HTTPStatus.BAD_REQUEST, "a field is there twice")
    return said


async def _check_change(door: Door, request: Request, session: Session) -> None:
    if wait := door.changes.wait(session.key):
        busy = Refusal(HTTPStatus.TOO_MANY_REQUESTS, "that was too often", f"Try again in {wait} s.", wait)
        raise Refused(busy)
    sent = request.headers.get(CSRF_HEADER) or (await fields(request)).get(CSRF_FIELD, "")
    if not session.sent(sent):
        raise refuse(HTTPStatus.FORBIDDEN, "this page is of an earlier login", "Load it anew and try again.")


def _nobody(request: Request) -> Response:
    """A browser brings no cookie where a link on another site led here: then the page opens itself once more."""
    if request.headers.get("hx-request"):
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": "/login"})
    if request.method not in SAFE_METHODS:
        raise refuse(HTTPStatus.UNAUTHORIZED, "nobody is logged in here", "Open /login.")
    if request.headers.get("sec-fetch-site") == "cross-site":
        return render("again.html", status=HTTPStatus.UNAUTHORIZED, address=str(request.url.path))
    return RedirectResponse("/login", HTTPStatus.SEE_OTHER)
