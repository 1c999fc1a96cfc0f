"""What somebody writes to the bot: whether it is meant for it, and counts."""

import re
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import structlog
from pydantic import Field, PositiveInt, ValidationError

from agent.chat.approvers import may_answer
from agent.chat.letters import Inbox, Letter
from agent.chat.talks import Person
from agent.chat.telegram.bot_api import TelegramChannel
from agent.chat.telegram.press import Chat, Strict, User, wrong_fields
from agent.parts import Parts

_COMMAND = re.compile(r"/(?P<verb>[a-z]+)(?:@\w+)?(?=\s|$)", re.IGNORECASE)

_log = structlog.get_logger()


class _Sender(Strict):
    id: PositiveInt


class _RepliedTo(Strict):
    user: Annotated[_Sender | None, Field(alias="from")] = None


class _Message(Strict):
    """The part of Telegram's `message` that counts; what was forwarded, or said for a channel, is another's."""

    message_id: PositiveInt
    date: PositiveInt
    chat: Chat
    user: Annotated[User, Field(alias="from")]
    text: Annotated[str, Field(max_length=4096)]
    reply_to_message: _RepliedTo | None = None
    forward_origin: None = None
    sender_chat: None = None
    via_bot: None = None


class Ear:
    """Where words are let in: in one chat, of an approver who is a person.

    With the bot alone all is meant for it; in a group what replies to a message of its own.

    Args:
        chat: its id.
        bot: the bot's own.
    """

    def __init__(self, parts: Parts, chat: int, bot: int, inbox: Inbox) -> None:
        self._parts = parts
        self._chat = chat
        self._bot = bot
        self._inbox = inbox

    async def hear(self, message: object, channel: TelegramChannel) -> None:
        """Begin with an answer, as a reply. Most of what comes is none of ours, and is left alone."""
        try:
            said = _Message.model_validate(message)
        except ValidationError as error:
            _log.info("a message that is no words of a person", channel="telegram", wrong=wrong_fields(error))
            return
        person = f"telegram:{said.user.id}"
        if said.chat.id != self._chat or not self._is_meant(said):
            return
        if said.user.is_bot or not may_answer(person, self._parts.policy.chat.approvers):
            _log.warning("a message that counts for nothing", by=person)
            return
        at = datetime.fromtimestamp(said.date, UTC)
        letter = Letter(Person(person, person), typed_in(said.text), at, str(said.message_id))
        await self._inbox.take(letter, partial(channel.reply, said.message_id))

    def _is_meant(self, said: _Message) -> bool:
        to = said.reply_to_message
        return said.chat.id == said.user.id or (to is not None and to.user is not None and to.user.id == self._bot)


def typed_in(text: str) -> str:
    """`/help@the_bot` is help, and what Telegram itself sends at the beginning too."""
    found = _COMMAND.match(text)
    if found is None:
        return text
    typed = found["verb"] + text[found.end() :]
    return "help" if typed == "start" else typed
