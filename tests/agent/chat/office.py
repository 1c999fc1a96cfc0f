"""A world whose questions go to Slack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from agent.chat.letters import Inbox
from agent.chat.posted import Posted
from agent.chat.relay import Relay
from agent.chat.slack.mention import Ear
from agent.chat.slack.press import Door
from agent.chat.slack.socket import Socket, bolt_app
from agent.chat.slack.web_api import SlackChannel, web_client
from agent.clock import SystemClock
from policies.policy import Chat
from tests.agent.chat.talkers import talks_of
from tests.agent.world import ASK, World
from tests.fakes.slack import APP, BOT, CHANNEL, TEAM, FakeSlack

IN_SLACK = replace(ASK, chat=Chat(approvers=("slack:U0ANN", "slack:U0BOB")))


class Office:
    """One worker's Slack. Rounds are made by the test."""

    def __init__(self, world: World, slack: FakeSlack) -> None:
        self.world = world
        self.slack = slack
        self.channel = SlackChannel(web_client(BOT, slack.url), CHANNEL, answered_here=True)
        self.relay = self.another_relay()

    def another_relay(self) -> Relay:
        """As after a restart: it knows what the file says."""
        self.world.home.chat.mkdir(exist_ok=True)
        return Relay(self.world.parts, self.channel, Posted.read(self.world.home.chat / "slack.json"))

    async def asked(self) -> str:
        """A run whose offer is posted."""
        run_id = self.world.submit()
        await self.world.drive(run_id, wait=False)
        await self.relay.round()
        return run_id

    async def whispered(self, how_many: int = 1) -> list[str]:
        """What those who pressed were told."""
        while len(self.slack.whispers) < how_many:  # noqa: ASYNC110 - nothing else waits for them
            await asyncio.sleep(0.005)
        return [text for _, text in self.slack.whispers]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """With the socket open."""
        door = Door(self.world.parts, TEAM, CHANNEL)
        self.talks = talks_of(self.world)
        ear = Ear(self.world.parts, TEAM, CHANNEL, Inbox(self.world.parts, self.talks, "slack"))
        app = bolt_app(web_client(BOT, self.slack.url), self.channel, door, ear, TEAM)
        listening = asyncio.create_task(Socket(app, APP, SystemClock()).run())
        try:
            await self.slack.connected()
            yield
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
