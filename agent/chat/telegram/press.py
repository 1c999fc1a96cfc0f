"""A press of a button: who may, on which question, and what is answered to whoever pressed."""

from dataclasses import dataclass
from typing import Annotated

import structlog
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from agent.approvals import answer_any
from agent.chat import fate
from agent.chat.approvers import may_answer
from agent.chat.posted import Posted
from agent.chat.telegram.words import mark_of
from agent.parts import Parts
from agent.questions import Question, questions
from policies.money import usd
from policies.text import clean, without_links
from tools.spend_log.port import NotRecorded
from tools.spend_log.rows import Decision

MOST_NAME_CHARS = 40

NOT_YOU = "You may not answer this: only those whom the policy lists under `chat.approvers`."
NOT_UNDERSTOOD = "This press was not understood; nothing was decided."
NOT_RECORDED = "Nothing was decided: it could not be written down. Press again later."

_log = structlog.get_logger()


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class User(Strict):
    id: PositiveInt
    is_bot: bool
    first_name: Annotated[str, Field(max_length=1000)] = ""
    username: Annotated[str, Field(max_length=1000)] = ""


class Chat(Strict):
    id: int


class _Message(Strict):
    """Of one that can't be seen any more Telegram says the date 0: nobody can have read there what is asked."""

    message_id: PositiveInt
    date: PositiveInt
    chat: Chat


class _Query(Strict):
    id: Annotated[str, Field(min_length=1, max_length=100)]


class Press(_Query):
    """The part of Telegram's `callback_query` that counts; one of an inline message has no `message`."""

    user: Annotated[User, Field(alias="from")]
    message: _Message
    data: Annotated[str, Field(pattern=r"^[aybn][0-9a-f]{32}$")]


@dataclass(frozen=True, slots=True)
class Turn:
    """Other buttons for a card. `sure`: those that ask once more."""

    message_id: int
    question: Question
    sure: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What whoever pressed is told. `alert`: something else came of it than they meant."""

    query_id: str
    words: str
    alert: bool = True
    turn: Turn | None = None


class Door:
    """Where presses are let in: in one chat, by an approver who is a person.

    Args:
        chat: its id.
        posted: what the chat was given; proof of nothing, it words what became of a question.
    """

    def __init__(self, parts: Parts, chat: int, posted: Posted) -> None:
        self._parts = parts
        self._chat = chat
        self._posted = posted

    def answer(self, query: object) -> Answer | None:
        """Record what was pressed; the first valid answer wins.

        Returns:
            None where it is not even known which press is to be answered.

        Raises:
            StoreUnusable: nothing could be recorded.
        """
        try:
            press = Press.model_validate(query)
        except ValidationError as error:
            _log.warning("a press was not understood", channel="telegram", wrong=wrong_fields(error))
            return told(query, NOT_UNDERSTOOD)
        return self._answer(press)

    def stands(self, mark: str) -> bool:
        """Whether the question that a button names may be answered now."""
        return self._asked(mark) is not None

    def _answer(self, press: Press) -> Answer:
        person = f"telegram:{press.user.id}"
        at_home = press.message.chat.id == self._chat and not press.user.is_bot
        if not at_home or not may_answer(person, self._parts.policy.chat.approvers):
            _log.warning("a press that counts for nothing", by=person, chat=press.message.chat.id)
            return Answer(press.id, NOT_YOU)
        stage, mark = press.data[0], press.data[1:]
        asked = self._asked(mark)
        if asked is None:
            return Answer(press.id, f"Nothing was decided: {self._fate(press.message.message_id)}.")
        if stage in "ab":
            sure = stage == "a"
            words = f"Press once more to spend ${usd(asked.amount)}" if sure else "Nothing was decided"
            return Answer(press.id, words, alert=False, turn=Turn(press.message.message_id, asked, sure))
        decision = Decision.APPROVED if stage == "y" else Decision.DENIED
        return self._decide(press.id, asked, decision, f"{person}{_name(press.user)}")

    def _asked(self, mark: str) -> Question | None:
        standing = questions(self._parts.log, self._parts.clock.now())
        return next((one for one in standing if mark_of(one) == mark), None)

    def _fate(self, message_id: int) -> str:
        """As long as the card is not closed; from then on it says so itself."""
        card = next((card for card in self._posted.cards.values() if card.ref == str(message_id)), None)
        if card is None:
            return "what was asked there is over"
        why = fate.why_not(self._parts.log, card.subject, card.key, self._parts.clock.now())
        return why or "the button names another question"

    def _decide(self, query_id: str, asked: Question, decision: Decision, by: str) -> Answer:
        """The code is looked up here, for the very question that the button was made for."""
        said = answer_any(self._parts, asked.subject, decision, code=asked.code, amount=asked.amount, by=by)
        if isinstance(said, NotRecorded):
            return Answer(query_id, f"Nothing was decided: {said.reason}.")
        _log.info("answered", subject=asked.subject, decision=decision.value, by=by)
        return Answer(query_id, f"{asked.subject}: {decision}.", alert=False)


def told(query: object, words: str) -> Answer | None:
    """For a press of which no more than its own id counts; None where it has none."""
    try:
        return Answer(_Query.model_validate(query).id, words)
    except ValidationError:
        return None


def _name(user: User) -> str:
    """For whoever reads it later; it proves nothing."""
    name = without_links(clean(user.username or user.first_name, MOST_NAME_CHARS)).replace("(", "").replace(")", "")
    return f" ({name})" if name else ""


def wrong_fields(error: ValidationError) -> list[str]:
    """Which, not what was in them."""
    return sorted({".".join(map(str, one["loc"])) for one in error.errors(include_input=False)})
