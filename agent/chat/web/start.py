"""The first page."""

from starlette.requests import Request
from starlette.responses import Response

from agent.chat.web.behind import Page
from agent.chat.web.sessions import Session
from agent.chat.web.templates import render


async def _start(_: Request, session: Session) -> Response:
    return render("start.html", session)


def start_pages() -> list[Page]:
    """All that there is so far."""
    return [Page("/", _start)]
