"""A press of a button: who may, on which question, and what is answered to whoever pressed."""

from typing import Annotated, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.approvals import answer_any
from agent.chat import fate
from agent.chat.approvers import may_answer
from agent.chat.slack.blocks import APPROVE
from agent.parts import Parts
from agent.questions import question_of
from policies.text import clean, without_links
from tools.spend_log.port import NotRecorded
from tools.spend_log.rows import Decision

MOST_NAME_CHARS = 40

NOT_YOU = "You may not answer this: only those whom the policy lists under `chat.approvers`."
NOT_UNDERSTOOD = "This press was not understood; nothing was decided."

_log = structlog.get_logger()

Id = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,40}$")]


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class _Team(Strict):
    id: Id


class _User(Strict):
    id: Id
    team_id: Id
    name: Annotated[str, Field(max_length=1000)] = ""


class _Conversation(Strict):
    id: Id


class _Action(Strict):
    action_id: Literal["swineherd_approve", "swineherd_deny"]
    value: Annotated[str, Field(max_length=2000)]


class Press(Strict):
    """The part of Slack's `block_actions` that counts."""

    type: Literal["block_actions"]
    team: _Team
    user: _User
    channel: _Conversation
    actions: Annotated[list[_Action], Field(min_length=1, max_length=1)]


class _Named(Strict):
    """What a button of ours names."""

    subject: Annotated[str, Field(max_length=200)]
    question_id: Annotated[str, Field(max_length=200)]
    amount: int


class Door:
    """Where presses are let in: of the app's own team, in its channel, by an approver.

    Args:
        team: of the app itself, as Slack named it for the bot's token.
    """

    def __init__(self, parts: Parts, team: str, channel: str) -> None:
        self._parts = parts
        self._team = team
        self._channel = channel

    def answer(self, body: object) -> tuple[str, str] | None:
        """Record what was pressed; the first valid answer wins.

        Returns:
            Who pressed and what to tell them; None where even that is not known.
        """
        try:
            press = Press.model_validate(body)
        except ValidationError as error:
            _log.warning("a press was not understood", channel="slack", wrong=wrong_fields(error))
            return None
        return press.user.id, self._answer(press)

    def _answer(self, press: Press) -> str:
        person = f"slack:{press.user.id}"
        at_home = press.team.id == press.user.team_id == self._team and press.channel.id == self._channel
        if not at_home or not may_answer(person, self._parts.policy.chat.approvers):
            _log.warning("a press that counts for nothing", by=person, team=press.user.team_id)
            return NOT_YOU
        try:
            named = _Named.model_validate_json(press.actions[0].value)
        except ValidationError:
            return NOT_UNDERSTOOD
        decision = Decision.APPROVED if press.actions[0].action_id == APPROVE else Decision.DENIED
        return self._decide(named, decision, f"{person}{_name(press.user)}")

    def _decide(self, named: _Named, decision: Decision, by: str) -> str:
        """The code is looked up here, for the very question that the button was made for."""
        log, now = self._parts.log, self._parts.clock.now()
        asked, refused = question_of(log, named.subject, now), fate.why_not(log, named.subject, named.question_id, now)
        if asked is None or refused or asked.amount != named.amount:
            return f"Nothing was decided: {refused or 'the button names another amount'}."
        said = answer_any(self._parts, named.subject, decision, code=asked.code, amount=asked.amount, by=by)
        if isinstance(said, NotRecorded):
            return f"Nothing was decided: {said.reason}."
        _log.info("answered", subject=named.subject, decision=decision.value, by=by)
        return f"{named.subject}: {decision}."


def _name(user: _User) -> str:
    """For whoever reads it later; it proves nothing."""
    name = without_links(clean(user.name, MOST_NAME_CHARS)).replace("(", "").replace(")", "")
    return f" ({name})" if name else ""


def wrong_fields(error: ValidationError) -> list[str]:
    """Which, not what was in them."""
    return sorted({".".join(map(str, one["loc"])) for one in error.errors(include_input=False)})
