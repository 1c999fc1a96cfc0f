"""Telegram as a whole: cards go out by the relay, presses and words come in by long polling."""

import asyncio
from dataclasses import dataclass, field

from pydantic import SecretStr

from agent.chat.approvers import named
from agent.chat.letters import Inbox
from agent.chat.relay import Relay, sole
from agent.chat.talks import Talks
from agent.chat.telegram.bot_api import TelegramChannel
from agent.chat.telegram.message import Ear
from agent.chat.telegram.press import Door
from agent.chat.telegram.updates import Updates
from agent.chat.telegram.wire import bot_at
from agent.parts import Parts


@dataclass(frozen=True, slots=True)
class Keys:
    """What Telegram is reached with.

    Attributes:
        bot_token: from @BotFather; part of every URL that is called.
        chat: the id of the chat to post to; a group's is negative.
    """

    bot_token: SecretStr = field(repr=False)
    chat: int
    api_url: str


async def run(parts: Parts, keys: Keys, talks: Talks) -> None:
    """Until cancelled, one process of the home at a time: Telegram lets one alone ask for a bot's updates.

    Without approvers nobody may press or talk: then there are no buttons, and nothing is asked for.
    """
    answered_here = bool(named("telegram", parts.policy.chat.approvers))
    async with (
        bot_at(keys.api_url, keys.bot_token.get_secret_value()) as bot,
        sole(parts, TelegramChannel.name) as posted,
        asyncio.TaskGroup() as both,
    ):
        channel = TelegramChannel(bot, keys.chat, answered_here=answered_here)
        both.create_task(Relay(parts, channel, posted).run())
        if answered_here:
            door, inbox = Door(parts, keys.chat, posted), Inbox(parts, talks, channel.name)
            ear = Ear(parts, keys.chat, bot.own_id, inbox)
            both.create_task(Updates(bot, channel, door, ear, parts.clock).run())
