"""A refusal as it travels through the pages, and as the one who asked sees it."""

from http import HTTPStatus

from starlette.responses import Response

from agent.chat.web.guard import Refusal
from agent.chat.web.templates import render


class Refused(Exception):
    """Raised by a page that does not answer; carries what is said instead."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def refuse(status: HTTPStatus, reason: str, advice: str = "") -> Refused:
    """Something to raise."""
    return Refused(Refusal(status, reason, advice))


def told(refusal: Refusal) -> Response:
    """The page that says so, and what to do."""
    answer = render("refused.html", status=refusal.status, refusal=refusal)
    if refusal.retry_after:
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer
