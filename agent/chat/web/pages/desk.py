"""What every page works with, and how it finds what it is asked about."""

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agent.chat.commands import Command
from agent.chat.obey import Heard, obey
from agent.chat.talks import Talks
from agent.chat.web.live import Live
from agent.chat.web.refused import refuse
from agent.chat.web.sessions import Session
from agent.chat.web.templates import render
from agent.parts import Parts
from tools.ports import Packer
from tools.spend_log.rows import Run


@dataclass(frozen=True, slots=True)
class Desk:
    """Of one server.

    Attributes:
        jobs: the folder below which job files may be run by name.
        talks: with everybody who says something in words of their own.
    """

    parts: Parts
    packer: Packer
    live: Live
    jobs: Path
    talks: Talks

    def run(self, request: Request) -> Run:
        """The one that a page is about. Raises `Refused`."""
        name = request.path_params["run_id"]
        run = self.parts.log.run(name)
        if run is None:
            raise refuse(HTTPStatus.NOT_FOUND, f"there is no run {name[:80]}", "All runs: /")
        return run

    async def obey(self, command: Command, by: str, otherwise: HTTPStatus) -> Heard:
        """What comes of a command. Raises `Refused` with the status `otherwise` where nothing does."""
        heard = await obey(self.parts, self.packer, self.jobs, command, by)
        if not heard.done:
            raise refuse(otherwise, heard.words)
        return heard

    def said(self, request: Request, session: Session, words: str, path: str) -> Response:
        """What a form that did its work is answered: a line where it stands, or the page again without JavaScript."""
        self.live.look()
        if request.headers.get("hx-request"):
            return render("said.html", session, words=words)
        return RedirectResponse(path, HTTPStatus.SEE_OTHER)
