"""A world whose questions go to Telegram."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from agent.chat.letters import Inbox
from agent.chat.posted import Posted
from agent.chat.relay import Relay
from agent.chat.telegram.bot_api import TelegramChannel
from agent.chat.telegram.message import Ear
from agent.chat.telegram.press import Door
from agent.chat.telegram.updates import Updates
from agent.chat.telegram.wire import TelegramBot, bot_at
from agent.clock import SystemClock
from policies.policy import Chat
from tests.agent.chat.talkers import talks_of
from tests.agent.world import ASK, World
from tests.fakes.telegram import ANN, BOB, CHAT, TOKEN, FakeTelegram, until
from tools.ports import Clock

IN_TELEGRAM = replace(ASK, chat=Chat(approvers=(f"telegram:{ANN}", f"telegram:{BOB}")))


@dataclass(frozen=True, slots=True)
class StillClock:
    """A `Clock` that shows another one's time; whoever waits does so for a moment."""

    of: Clock

    def now(self) -> datetime:
        """As the other one says."""
        return self.of.now()

    def monotonic(self) -> float:
        """Likewise."""
        return self.of.monotonic()

    async def sleep(self, seconds: float) -> None:
        """A hundredth of a second, or less."""
        await asyncio.sleep(min(seconds, 0.01))


class Booth:
    """One worker's Telegram. Rounds are made by the test."""

    def __init__(self, world: World, telegram: FakeTelegram, bot: TelegramBot) -> None:
        self.world = world
        self.telegram = telegram
        self.bot = bot
        self.channel = TelegramChannel(bot, CHAT, answered_here=True)
        self.restart()

    def restart(self) -> None:
        """It knows what the file says, and nothing of what it has asked for."""
        self.world.home.chat.mkdir(exist_ok=True)
        self.posted = Posted.read(self.world.home.chat / "telegram.json")
        self.relay = Relay(self.world.parts, self.channel, self.posted)
        self.door = Door(self.world.parts, CHAT, self.posted)
        self.talks = talks_of(self.world)
        inbox = Inbox(self.world.parts, self.talks, "telegram")
        self.ear = Ear(self.world.parts, CHAT, self.bot.own_id, inbox)

    async def asked(self) -> str:
        """A run whose offer is posted."""
        run_id = self.world.submit()
        await self.world.drive(run_id, wait=False)
        await self.relay.round()
        return run_id

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """With presses taken as they come, and every one answered before it ends."""
        listening = asyncio.create_task(Updates(self.bot, self.channel, self.door, self.ear, SystemClock()).run())
        try:
            yield
            await until(lambda: self.telegram.all_confirmed)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def booth_of(world: World, telegram: FakeTelegram) -> AsyncIterator[Booth]:
    """With its connections open."""
    async with bot_at(telegram.url, TOKEN) as bot:
        yield Booth(world, telegram, bot)
