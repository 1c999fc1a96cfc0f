"""While a run's job runs, what it writes: one reply in the run's thread, edited as the log grows.

A job's log grows without a word in the spend log, so it is looked at by time. Nothing queues up: each look shows how
things stand then. A run without a card has no thread, and only its end is told.
"""

from datetime import datetime, timedelta

from agent.chat import news
from agent.chat.messages import Channel, Said
from agent.chat.posted import Posted, Tail
from agent.chat.sent import sent
from agent.parts import Parts
from tools.spend_log.rows import ENDED

EVERY = timedelta(seconds=30)
"""Between two looks at the logs, and so between two edits of one reply."""

MOST_AT_ONCE = 8
"""Replies that one look changes, those first that were left alone longest: messengers limit how much a bot may say."""

OVER = "the job is over, the report follows"
ELSEWHERE = "goes on in the thread of its newer card"


class Tails:
    """The replies of one channel that show what jobs write."""

    def __init__(self, parts: Parts, channel: Channel, posted: Posted) -> None:
        self._parts = parts
        self._channel = channel
        self._posted = posted
        self._shown: dict[str, tuple[datetime, Said]] = {}
        self._due = parts.clock.now()

    async def look(self) -> None:
        """Show what has changed, where it is time to look.

        Raises:
            ChannelDown: what was not shown is looked at again the next time.
            StoreUnusable: likewise.
        """
        now = self._parts.clock.now()
        if now < self._due:
            return
        self._due = now + EVERY
        for run_id in [one.run_id for one in self._posted.tails.values() if one.thread != self._thread(one.run_id)]:
            await self.end(run_id, ELSEWHERE)
        changed = [(run_id, said) for run_id in self._followed() if (said := self._news_of(run_id)) is not None]
        for run_id, said in sorted(changed, key=lambda one: self._shown_at(one[0]))[:MOST_AT_ONCE]:
            await self._show(run_id, said)
            self._shown[run_id] = now, said

    async def end(self, run_id: str, why: str) -> None:
        """The last edit of a run's reply, where it has one: it shows no log any more.

        Raises:
            ChannelDown: it is as it was.
        """
        tail = self._posted.tails.get(run_id)
        if tail is None:
            return
        if tail.ref:
            await sent(self._channel, self._channel.change(tail.ref, Said(f"{run_id}: {why}", ())))
        self._shown.pop(run_id, None)
        del self._posted.tails[run_id]
        self._posted.save()

    def _thread(self, run_id: str) -> str:
        return self._posted.threads.get(run_id, "")

    def _followed(self) -> set[str]:
        """Runs with a thread here whose job runs on a pod, or did: what comes after it is shown too."""
        if not any(self._posted.threads.values()):
            return set()
        started = {order.run_id for order in self._parts.log.orders(open_only=True) if order.job_started}
        return {run_id for run_id in started if self._thread(run_id)} | self._posted.tails.keys()

    def _news_of(self, run_id: str) -> Said | None:
        """None where the reply shows it already, can't be changed, or the report is due."""
        run, tail = self._parts.log.run(run_id), self._posted.tails.get(run_id)
        if run is None or run.status in ENDED or (tail is not None and not tail.ref):
            return None
        said = news.under_way(self._parts, run)
        return None if run_id in self._shown and self._shown[run_id][1] == said else said

    def _shown_at(self, run_id: str) -> float:
        return self._shown[run_id][0].timestamp() if run_id in self._shown else 0.0

    async def _show(self, run_id: str, said: Said) -> None:
        """Post it, or change what is posted; a reply that is refused is not tried again."""
        tail, thread = self._posted.tails.get(run_id), self._thread(run_id)
        saying = self._channel.tell(thread, said) if tail is None else self._channel.change(tail.ref, said)
        ref = await sent(self._channel, saying) or ""
        if tail is None or ref != tail.ref:
            self._posted.tails[run_id] = Tail(run_id=run_id, thread=thread, ref=ref)
            self._posted.save()
