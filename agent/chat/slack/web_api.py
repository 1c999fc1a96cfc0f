"""The calls of Slack's Web API that are needed, with their errors mapped; no token is in any of them."""

import logging
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from agent.chat.messages import Asking, ChannelDown, NotTaken, Over, Said, ToPay
from agent.chat.slack import blocks
from agent.talk.context import Line
from policies.money import usd

TIMEOUT_SECONDS = 10
LONGEST_RETRY_AFTER = 600.0

_NEVER_TAKEN = frozenset(
    {
        "cant_update_message",
        "edit_window_closed",
        "invalid_blocks",
        "invalid_blocks_format",
        "message_not_found",
        "msg_blocks_too_long",
        "msg_too_long",
        "thread_not_found",
        "user_not_in_channel",
    }
)
"""Of one message; every other error may be about the channel, and goes by."""

QUIET = logging.getLogger("agent.chat.slack")
"""For Slack's libraries, which write whole requests and the socket's ticket into theirs."""
QUIET.setLevel(logging.CRITICAL + 1)


class SlackChannel:
    """A channel of Slack's that cards are posted to.

    Args:
        channel: its id.
        answered_here: somebody may press buttons; else it is told what waits, and how to answer elsewhere.
    """

    name = "slack"

    def __init__(self, client: AsyncWebClient, channel: str, *, answered_here: bool) -> None:
        self._client = client
        self._channel = channel
        self._answered_here = answered_here

    async def team(self) -> str:
        """The id of the app's own team."""
        return _text(await _answer(self._client.auth_test()), "team_id")

    async def ask(self, asking: Asking) -> str:
        """A card with buttons."""
        text = f"{asking.question.subject} asks for ${usd(asking.question.amount)}"
        return await self._post(text, blocks.asked(asking, answered_here=self._answered_here))

    async def offer_link(self, paying: ToPay) -> str:
        """A card with a link."""
        return await self._post(
            f"{paying.run_id} waits for ${usd(paying.link.charge.amount)} to be paid", blocks.to_pay(paying)
        )

    async def close(self, ref: str, over: Over) -> None:
        """The card without its buttons."""
        await self._update(ref, f"{over.subject}: {over.words}", blocks.over(over))

    async def tell(self, ref: str, said: Said) -> str:
        """In the card's thread, or in the channel."""
        return await self._post(said.title, blocks.said(said), thread_ts=ref or None)

    async def change(self, ref: str, said: Said) -> str:
        """An edit: Slack tells nobody of it."""
        return await self._update(ref, said.title, blocks.said(said))

    async def reply(self, thread: str, lines: Sequence[Line]) -> None:
        """An answer to a message, in its thread; the notification has none of it, for a model may have written it."""
        await self._post("an answer", blocks.answer(lines), thread_ts=thread)

    async def whisper(self, user: str, text: str) -> None:
        """To one person, in the channel."""
        note = self._client.chat_postEphemeral(
            channel=self._channel, user=user, text=blocks.escaped(text), blocks=blocks.note(text)
        )
        await _answer(note)

    async def _post(self, text: str, shown: list[blocks.Block], thread_ts: str | None = None) -> str:
        posting = self._client.chat_postMessage(
            channel=self._channel,
            text=blocks.escaped(text),
            blocks=shown,
            thread_ts=thread_ts,
            mrkdwn=False,
            unfurl_links=False,
            unfurl_media=False,
        )
        return _text(await _answer(posting), "ts")

    async def _update(self, ref: str, text: str, shown: list[blocks.Block]) -> str:
        updating = self._client.chat_update(channel=self._channel, ts=ref, text=blocks.escaped(text), blocks=shown)
        return _text(await _answer(updating), "ts")


def web_client(token: str, base_url: str) -> AsyncWebClient:
    """Without tries of its own: what is tried again, and when, is decided in one place."""
    return AsyncWebClient(token=token, base_url=base_url, timeout=TIMEOUT_SECONDS, logger=QUIET, retry_handlers=[])


async def _answer(call: Awaitable[AsyncSlackResponse]) -> Mapping[str, Any]:
    """What Slack answered.

    Raises:
        ChannelDown: not now, or no answer.
        NotTaken: never this message.
    """
    try:
        answer = await call
    except SlackApiError as error:
        raise _refusal(error) from None
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise ChannelDown(f"no answer: {type(error).__name__}") from None
    if not isinstance(answer.data, dict):
        raise ChannelDown("an answer that is no JSON object")
    return answer.data


def _refusal(error: SlackApiError) -> ChannelDown | NotTaken:
    """By the code that Slack gives; what else its answer says is left out."""
    answer = error.response
    if not isinstance(answer, AsyncSlackResponse):
        return ChannelDown("an answer that can't be read")
    if answer.status_code == 429:
        return ChannelDown("too many requests", _seconds(answer.headers.get("Retry-After")))
    data = answer.data if isinstance(answer.data, dict) else {}
    code = str(data.get("error") or f"status {answer.status_code}")[:100]
    return NotTaken(code) if code in _NEVER_TAKEN else ChannelDown(code)


def _seconds(retry_after: object) -> float | None:
    text = str(retry_after or "")
    return min(float(text), LONGEST_RETRY_AFTER) if text.isascii() and text.isdigit() else None


def _text(answer: Mapping[str, Any], name: str) -> str:
    found = answer.get(name)
    if not isinstance(found, str) or not found:
        raise ChannelDown(f"an answer without {name}")
    return found
