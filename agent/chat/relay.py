"""Keeps a text channel as things stand: what stands in the spend log is posted once, and closed when it is over.

Each round compares the two, so that nothing queues up while a channel is down, and a restart goes on where it was. An
answer of the channel that was lost may double a message; a payment it can't, since a message decides nothing.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog

from agent.chat import fate, news
from agent.chat.messages import Channel, ChannelDown, Over, ToPay
from agent.chat.posted import Card, Posted, alone
from agent.chat.sent import sent
from agent.chat.tails import OVER, Tails
from agent.parts import Parts
from agent.questions import Question
from tools.errors import SwineherdError
from tools.spend_log.home import make_folder
from tools.spend_log.rows import ENDED, Event

ROUND_SECONDS = 1.0
"""Between two looks at whether anything has changed."""

ANYHOW = timedelta(minutes=1)
"""So long nothing is compared where nothing was written and nothing expired."""

LONGEST_BACK_OFF = 60.0

_LOOKED_BACK = (100, 10_000, 1_000_000)
"""Events; nearly always those that are new are among the last few."""

_log = structlog.get_logger()


class Relay:
    """Between the spend log and one channel."""

    def __init__(self, parts: Parts, channel: Channel, posted: Posted) -> None:
        self._parts = parts
        self._channel = channel
        self._posted = posted
        self._tails = Tails(parts, channel, posted)
        self._head = ""
        self._due = parts.clock.now()
        self._failed = 0

    async def run(self) -> None:
        """Until cancelled. A channel that fails is left alone for longer and longer."""
        while True:
            await self._parts.clock.sleep(await self._seconds_until_next())

    async def _seconds_until_next(self) -> float:
        """Make one round; how long to wait then."""
        try:
            await self.round()
        except ChannelDown as down:
            return self._back_off(str(down), down.retry_after)
        except SwineherdError as error:
            return self._back_off(str(error), None)
        except Exception:  # noqa: BLE001 - the outermost edge of a channel: it is tried again, and all else goes on
            _log.exception("a defect of ours", channel=self._channel.name)
            return LONGEST_BACK_OFF
        self._failed = 0
        return ROUND_SECONDS

    def _back_off(self, why: str, asked_for: float | None) -> float:
        self._failed += 1
        seconds = min(LONGEST_BACK_OFF, 2.0 ** min(self._failed, 10)) if asked_for is None else asked_for
        _log.warning("a channel takes nothing now", channel=self._channel.name, why=why, again_in=seconds)
        return seconds

    async def round(self) -> None:
        """Post what is not there yet, close what is over; logs last, for nothing waits behind them.

        Raises:
            ChannelDown: it is gone on with in the next round.
            StoreUnusable: likewise.
        """
        await self._compare()
        await self._tails.look()

    async def _compare(self) -> None:
        log, now = self._parts.log, self._parts.clock.now()
        head = log.chain_head()
        if head == self._head and now < self._due:
            return
        asked, links = news.standing(self._parts, now), news.links(self._parts, now)
        await self._close_others({**asked, **links}, now)
        await self._ask(asked)
        await self._offer(links)
        await self._alarm(now)
        await self._tell_ends()
        ends = [question.expires_at for question in asked.values()] + [one.link.expires_at for one in links.values()]
        self._head, self._due = head, min([now + ANYHOW, *ends])

    async def _close_others(self, standing: Mapping[str, object], now: datetime) -> None:
        for card in [card for key, card in self._posted.cards.items() if key not in standing]:
            if card.ref:
                over = Over(card.subject, card.title, self._fate(card, now))
                await sent(self._channel, self._channel.close(card.ref, over))
            del self._posted.cards[card.key]
            self._posted.save()

    def _fate(self, card: Card, now: datetime) -> str:
        if card.kind == "link":
            return fate.of_link(self._parts.log, card.key)
        return fate.of_question(self._parts.log, card.subject, card.key, now)

    async def _ask(self, asked: Mapping[str, Question]) -> None:
        for key, question in asked.items():
            if key not in self._posted.cards:
                asking = news.asking(self._parts, question)
                ref = await sent(self._channel, self._channel.ask(asking))
                self._keep(Card(kind="question", subject=question.subject, key=key, title=asking.title, ref=ref or ""))

    async def _offer(self, links: Mapping[str, ToPay]) -> None:
        for key, link in links.items():
            if key not in self._posted.cards:
                ref = await sent(self._channel, self._channel.offer_link(link))
                self._keep(Card(kind="link", subject=link.run_id, key=key, title=link.title, ref=ref or ""))

    def _keep(self, card: Card) -> None:
        self._posted.cards[card.key] = card
        if self._parts.log.run(card.subject) is not None:
            self._posted.threads[card.subject] = card.ref
        self._posted.save()

    async def _alarm(self, now: datetime) -> None:
        standing = news.alarms(self._parts, now)
        self._posted.alarms &= standing.keys()
        for name, said in standing.items():
            if name not in self._posted.alarms:
                await sent(self._channel, self._channel.tell("", said))
                self._posted.alarms.add(name)
                self._posted.save()

    async def _tell_ends(self) -> None:
        """In the run's thread, where it has one. Nothing is told of what ended before the channel's first day."""
        for event in self._new_events():
            run_id = event.run_id
            if _is_end(event) and self._parts.at_home(run_id):
                await self._tails.end(run_id, OVER)
                said = news.ended(self._parts, self._parts.run(run_id))
                await sent(self._channel, self._channel.tell(self._posted.threads.get(run_id, ""), said))
                self._posted.threads.pop(run_id, None)
                self._posted.seen = event.seq
                self._posted.save()
            self._posted.seen = event.seq

    def _new_events(self) -> Iterator[Event]:
        log, seen = self._parts.log, self._posted.seen
        if seen is None:
            last = log.events(limit=1)
            self._posted.seen = last[0].seq if last else 0
            self._posted.save()
            return
        for limit in _LOOKED_BACK:
            events = log.events(limit=limit)
            if not events or events[0].seq <= seen + 1 or limit == _LOOKED_BACK[-1]:
                yield from (event for event in events if event.seq > seen)
                return


async def relayed(parts: Parts, channel: Channel) -> None:
    """Keep a channel as things stand, until cancelled; while another process of the home does, only wait."""
    async with sole(parts, channel.name) as posted:
        await Relay(parts, channel, posted).run()


@asynccontextmanager
async def sole(parts: Parts, name: str) -> AsyncIterator[Posted]:
    """What the channel of this name was given, for one process of the home at a time."""
    folder = parts.home.chat
    make_folder(folder)
    async with alone(folder / f"{name}.lock", parts.clock):
        yield Posted.read(folder / f"{name}.json")


def _is_end(event: Event) -> bool:
    return event.kind == "status" and bool(event.run_id) and json.loads(event.body)["status"] in ENDED
