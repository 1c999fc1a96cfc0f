"""Words on the first page: taken up at once, answered on it as the answer comes, proposals with buttons beside them."""

from collections import defaultdict
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agent.chat.talks import Person
from agent.chat.web.behind import Page, fields
from agent.chat.web.pages.desk import Desk
from agent.chat.web.pages.spoken import Spoken
from agent.chat.web.refused import refuse
from agent.chat.web.sessions import Session

ANSWERS = {"y": "yes", "n": "no"}


@dataclass(frozen=True, slots=True)
class TalkPages:
    """Of everybody who is logged in."""

    desk: Desk
    _spoken: dict[str, Spoken] = field(default_factory=lambda: defaultdict(Spoken))

    def all(self) -> list[Page]:
        """As the router takes them."""
        return [Page("/talk/answer", self._answer, "POST")]

    def of(self, user: str) -> Spoken:
        """What was said with somebody, whatever page or device of theirs it was said on."""
        return self._spoken[user]

    def say(self, request: Request, session: Session, text: str) -> Response:
        """Take up a message. Raises `Refused` while the last one is still answered."""
        spoken = self.of(session.user)
        if not self.desk.talks.begin(Person(session.user, session.by), text, spoken):
            raise refuse(HTTPStatus.CONFLICT, "your last message is still being answered", "Say this once it is.")
        spoken.human(text)
        self.desk.live.look()
        if request.headers.get("hx-request"):
            return Response()
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)

    async def _answer(self, request: Request, session: Session) -> Response:
        """A press of a proposal's button: of the one that was shown, and no other."""
        said = await fields(request)
        answer = ANSWERS.get(said.get("answer", ""))
        if answer is None:
            raise refuse(HTTPStatus.BAD_REQUEST, "yes or no is expected")
        asked = self.of(session.user).asked
        if not asked or said.get("proposal") != asked:
            raise refuse(HTTPStatus.CONFLICT, "that is not proposed any more", "Load the page anew.")
        return self.say(request, session, answer)
