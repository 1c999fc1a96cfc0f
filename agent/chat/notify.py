"""Notices through Apprise, to any messenger it knows: that something waits, how much, where to answer. Never a code."""

import asyncio
from contextlib import suppress
from threading import Thread

import apprise

from agent.chat.messages import Asking, ChannelDown, Over, Said, ToPay, in_a_terminal
from agent.errors import BadSettings
from policies.money import usd


class Notices:
    """A channel that is only told.

    Args:
        url: `chat.notify_url` of the policy.
        link: the web chat, where one is served; else "".

    Raises:
        BadSettings: the URL is none of Apprise's.
    """

    name = "notify"

    def __init__(self, url: str, link: str = "") -> None:
        self._to = apprise.Apprise()
        if not self._to.add(url):
            raise BadSettings("chat.notify_url of the policy is no URL that Apprise knows")
        self._link = link
        self._sending: Thread | None = None

    async def ask(self, asking: Asking) -> str:
        """What is asked, and where it is answered."""
        subject = asking.question.subject
        where = self._link or in_a_terminal(subject)
        await self._send(f"Approve ${usd(asking.question.amount)}?", f"{subject}: {asking.title}\n{where}")
        return ""

    async def offer_link(self, paying: ToPay) -> str:
        """That there is one; the link itself is where the run is shown."""
        where = self._link or f"The link is shown in a terminal: `swineherd show {paying.run_id}`"
        await self._send(
            f"Pay ${usd(paying.link.charge.amount)}?", f"{paying.run_id}: {paying.title}\n{paying.text}\n{where}"
        )
        return ""

    async def close(self, ref: str, over: Over) -> None:
        """Nothing: a notice can't be changed."""

    async def tell(self, ref: str, said: Said) -> str:
        """Without the log."""
        await self._send(said.title, "\n".join([*said.lines, self._link]).strip() or said.title)
        return ""

    async def change(self, ref: str, said: Said) -> str:
        """Nothing, likewise."""
        return ""

    async def _send(self, title: str, body: str) -> None:
        """In a thread, since Apprise blocks; one at a time, since one that hangs can't be ended."""
        if self._sending is not None and self._sending.is_alive():
            raise ChannelDown("the last notice is still on its way")
        loop = asyncio.get_running_loop()
        told: asyncio.Future[bool] = loop.create_future()

        def send() -> None:
            sent = self._to.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
            with suppress(RuntimeError):  # nobody waits any more
                loop.call_soon_threadsafe(_resolve, told, bool(sent))

        self._sending = Thread(target=send, name="notice", daemon=True)
        self._sending.start()
        if not await told:
            raise ChannelDown("Apprise could not deliver it")


def _resolve(told: "asyncio.Future[bool]", sent: bool) -> None:  # noqa: FBT001 - what Apprise returned
    if not told.done():
        told.set_result(sent)
