"""Slack as a whole: cards go out by the relay, presses come in by the socket."""

import asyncio
from dataclasses import dataclass, field

import structlog
from pydantic import SecretStr

from agent.chat.approvers import named
from agent.chat.letters import Inbox
from agent.chat.messages import ChannelDown
from agent.chat.relay import relayed
from agent.chat.slack.mention import Ear
from agent.chat.slack.press import Door
from agent.chat.slack.socket import Socket, bolt_app
from agent.chat.slack.web_api import SlackChannel, web_client
from agent.chat.talks import Talks
from agent.parts import Parts

AGAIN_SECONDS = 30.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Keys:
    """What Slack is reached with.

    Attributes:
        bot_token: `xoxb-…`, to post.
        app_token: `xapp-…`, for the socket.
        channel: the id of the channel to post to.
    """

    bot_token: SecretStr = field(repr=False)
    app_token: SecretStr = field(repr=False)
    channel: str
    api_url: str


async def run(parts: Parts, keys: Keys, talks: Talks) -> None:
    """Until cancelled. Without approvers nobody may press or talk: then there are no buttons, and no socket."""
    client = web_client(keys.bot_token.get_secret_value(), keys.api_url)
    answered_here = bool(named("slack", parts.policy.chat.approvers))
    channel = SlackChannel(client, keys.channel, answered_here=answered_here)
    async with asyncio.TaskGroup() as both:
        both.create_task(relayed(parts, channel))
        if answered_here:
            team = await _team(parts, channel)
            ear = Ear(parts, team, keys.channel, Inbox(parts, talks, channel.name))
            app = bolt_app(client, channel, Door(parts, team, keys.channel), ear, team)
            socket = Socket(app, keys.app_token.get_secret_value(), parts.clock)
            both.create_task(socket.run())


async def _team(parts: Parts, channel: SlackChannel) -> str:
    """Asked for until Slack answers; without it no press is taken."""
    while True:
        try:
            return await channel.team()
        except ChannelDown as error:
            again = error.retry_after or AGAIN_SECONDS
            _log.warning("Slack does not say which team the bot is of", why=str(error), again_in=again)
            await parts.clock.sleep(again)
