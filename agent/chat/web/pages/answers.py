"""Answers to whatever is asked: a run's offer, a batch, a schedule's nights; and what else can be said to an offer."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from agent.approvals import answer_any, grant, instead
from agent.chat.fate import why_not
from agent.chat.web.behind import Page, fields
from agent.chat.web.pages.desk import Desk
from agent.chat.web.pages.home_view import page_of
from agent.chat.web.refused import refuse
from agent.chat.web.sessions import Session
from policies.money import Cents, cents_from_text, usd
from policies.offer import Rail
from policies.text import counted
from policies.wish import Wish, out_of_the_question
from tools.spend_log.port import NotRecorded
from tools.spend_log.rows import Decision


@dataclass(frozen=True, slots=True)
class Said:
    """What every form of a card says."""

    subject: str
    code: str
    amount: Cents


@dataclass(frozen=True, slots=True)
class AnswerPages:
    """What is served below /questions. Nothing here spends: whoever drives acts on what was said."""

    desk: Desk

    def all(self) -> list[Page]:
        """As the router takes them."""
        return [
            Page("/questions/{subject}/approve", self._approve, "POST"),
            Page("/questions/{subject}/deny", self._deny, "POST"),
            Page("/questions/{subject}/instead", self._instead, "POST"),
            Page("/questions/{subject}/grant", self._grant, "POST"),
        ]

    async def _approve(self, request: Request, session: Session) -> Response:
        return await self._decide(request, session, Decision.APPROVED)

    async def _deny(self, request: Request, session: Session) -> Response:
        return await self._decide(request, session, Decision.DENIED)

    async def _decide(self, request: Request, session: Session, decision: Decision) -> Response:
        said = await self._said(request)
        answered = answer_any(
            self.desk.parts, said.subject, decision, code=said.code, amount=said.amount, by=session.by
        )
        words = f"You {decision} ${usd(said.amount)} for {said.subject}."
        return self._recorded(request, session, answered, words)

    async def _instead(self, request: Request, session: Session) -> Response:
        """Another way to pay or other hours: a new offer is made, with a question of its own."""
        said, form = await self._said(request), await fields(request)
        hours = _count(form["hours"], "hours") if form.get("hours") else None
        wish = Wish(Rail.STRIPE if form.get("rail") == Rail.STRIPE else None, hours)
        if refused := out_of_the_question(wish, self.desk.parts.policy):
            rules = f"The policy is {self.desk.parts.policy_file.path}; the offer stands."
            raise refuse(HTTPStatus.CONFLICT, refused, rules)
        answered = instead(self.desk.parts, said.subject, wish, code=said.code, amount=said.amount, by=session.by)
        return self._recorded(request, session, answered, f"Another offer is made for {said.subject}: {wish}.")

    async def _grant(self, request: Request, session: Session) -> Response:
        """A yes to this offer, and within a bound to the run's later ones."""
        said, form = await self._said(request), await fields(request)
        up_to, pods = _amount(form.get("up_to", "")), _count(form.get("pods", ""), "pods")
        answered = grant(
            self.desk.parts,
            said.subject,
            up_to=up_to,
            pods=pods,
            code=said.code,
            amount=said.amount,
            by=session.by,
        )
        words = (
            f"You approved ${usd(said.amount)} now, and {said.subject} up to ${usd(up_to)} and {counted(pods, 'pod')}."
        )
        return self._recorded(request, session, answered, words)

    async def _said(self, request: Request) -> Said:
        """The card that was pressed names its own question, code and amount: what was not seen is not agreed to."""
        subject, form = request.path_params["subject"], await fields(request)
        amount = _amount(form.get("amount", ""))
        refused = why_not(self.desk.parts.log, subject, form.get("question", ""), self.desk.parts.clock.now())
        if refused:
            raise refuse(HTTPStatus.CONFLICT, refused, "The page says where it stands.")
        return Said(subject, form.get("code", ""), amount)

    def _recorded(self, request: Request, session: Session, answered: object, words: str) -> Response:
        if isinstance(answered, NotRecorded):
            raise refuse(HTTPStatus.CONFLICT, answered.reason, "The page says where it stands.")
        return self.desk.said(request, session, words, page_of(self.desk.parts, request.path_params["subject"]))


def _amount(text: str) -> Cents:
    try:
        return cents_from_text(text)
    except ValueError as error:
        raise refuse(HTTPStatus.BAD_REQUEST, "the form names no amount", "Load the page anew.") from error


def _count(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 4):
        raise refuse(HTTPStatus.BAD_REQUEST, f"{what}: a whole number is expected")
    return int(text)
