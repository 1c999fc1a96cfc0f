"""What somebody says to the app in its channel, by a mention: whether it counts, and what of it is their own text."""

import re
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

import structlog
from pydantic import Field, ValidationError

from agent.chat.approvers import may_answer
from agent.chat.letters import Inbox, Letter
from agent.chat.slack.press import Id, Strict, wrong_fields
from agent.chat.slack.web_api import SlackChannel
from agent.chat.talks import Person
from agent.parts import Parts

NOT_YOURS = "You are not answered here: only those whom the policy lists under `chat.approvers`."

_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^>]*)?>")
_MARKED = re.compile(r"<(?:[^<>|]*\|)?([^<>|]*)>")

_log = structlog.get_logger()

_Time = Annotated[str, Field(pattern=r"^[0-9]{1,12}\.[0-9]{1,9}$")]


class _Event(Strict):
    """An edit of a message comes as one more event, and what a bot says is nobody's: neither counts."""

    type: Literal["app_mention"]
    user: Id
    team: Id
    user_team: Id | None = None
    channel: Id
    text: Annotated[str, Field(max_length=100_000)]
    ts: _Time
    thread_ts: _Time | None = None
    edited: None = None
    bot_id: None = None


class Mention(Strict):
    """The part of Slack's `app_mention` that counts."""

    type: Literal["event_callback"]
    team_id: Id
    event: _Event


class Ear:
    """Where words are let in: of the app's own team, in its channel, of an approver.

    Args:
        team: of the app itself, as Slack named it for the bot's token.
    """

    def __init__(self, parts: Parts, team: str, channel: str, inbox: Inbox) -> None:
        self._parts = parts
        self._team = team
        self._channel = channel
        self._inbox = inbox

    async def hear(self, body: object, channel: SlackChannel) -> None:
        """Begin with an answer, in the message's thread.

        Raises:
            ChannelDown, NotTaken: somebody could not be told that they are not answered.
        """
        try:
            mention = Mention.model_validate(body)
        except ValidationError as error:
            _log.warning("a message was not understood", channel="slack", wrong=wrong_fields(error))
            return
        event = mention.event
        person = f"slack:{event.user}"
        teams = {mention.team_id, event.team, event.user_team or event.team}
        if event.channel != self._channel:
            _log.warning("a message from elsewhere", by=person, channel=event.channel)
        elif teams != {self._team} or not may_answer(person, self._parts.policy.chat.approvers):
            _log.warning("a message that counts for nothing", by=person, team=event.team)
            await channel.whisper(event.user, NOT_YOURS)
        else:
            at = datetime.fromtimestamp(float(event.ts), UTC)
            letter = Letter(Person(person, person), said_in(event.text), at, event.ts)
            await self._inbox.take(letter, partial(channel.reply, event.thread_ts or event.ts))


def said_in(text: str) -> str:
    """As it was typed: without the mention, and with Slack's marks undone (`<http://train.py|train.py>`)."""
    plain = _MARKED.sub(r"\1", _MENTION.sub("", text))
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
