"""The web chat as one application: the door, the pages behind it, and what every answer must say."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from agent.chat.web.behind import Page, route
from agent.chat.web.door import Door
from agent.chat.web.gate import Bounds, Gate
from agent.chat.web.guard import Refusal
from agent.chat.web.headers import SafeHeaders
from agent.chat.web.login import Login
from agent.chat.web.refused import Refused, told
from agent.chat.web.static import serve_static
from agent.chat.web.stream import Stream

BOUNDS = Bounds()


def application(door: Door, pages: Sequence[Page | Stream], bounds: Bounds = BOUNDS) -> ASGIApp:
    """The whole of it. Nothing of `pages` answers anybody who is not logged in."""
    chat = Starlette(
        routes=routes(door, pages),
        middleware=[Middleware(Gate, place=door.place, bounds=bounds)],
        exception_handlers={Refused: _refused, HTTPException: _no_page, Exception: _defect},
    )
    chat.router.redirect_slashes = False
    return SafeHeaders(chat, secure=door.place.secure)


def routes(door: Door, pages: Sequence[Page | Stream]) -> list[Route]:
    """The few that are public, and all others behind the login."""
    login = Login(door)
    public = [*login.public(), Route("/static/{name}", serve_static, methods=["GET"])]
    return [*public, *(route(door, page) for page in [*login.pages(), *pages])]


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    return told(error.refusal)


async def _no_page(_: Request, error: Exception) -> Response:
    """What the router itself finds: no such page, or not by this method."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    return told(Refusal(status, status.phrase.lower(), "The way back: /"))


async def _defect(_: Request, __: Exception) -> Response:
    """The traceback is in the server's log, and nowhere else."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return told(
        Refusal(status, "that went wrong here", "What is paid for and runs goes on. The server's log says more.")
    )
