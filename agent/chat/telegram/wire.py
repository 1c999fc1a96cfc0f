"""Telegram's Bot API as far as needed, its errors mapped once. The token is part of every URL, and of no error."""

import logging
import warnings
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, NonNegativeInt, TypeAdapter, ValidationError
from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

from agent.chat.messages import ChannelDown, NotTaken
from policies.text import clean

TIMEOUT_SECONDS = 10.0
POLL_SECONDS = 25
"""So long Telegram keeps a request for updates open while there is none."""

LONGEST_RETRY_AFTER = 600.0
MOST_WHY_CHARS = 200

_OF_THE_CHAT = (
    "chat not found",
    "chat_restricted",
    "chat_write_forbidden",
    "have no rights",
    "need administrator rights",
    "not enough rights",
    "topic_closed",
    "user not found",
)
"""What else a `BadRequest` says is about one message."""

T = TypeVar("T")


class Update(BaseModel):
    """One of Telegram's updates. What was pressed or written is parsed where it is judged."""

    model_config = ConfigDict(frozen=True, strict=True)

    update_id: NonNegativeInt
    callback_query: object = None
    message: object = None


_UPDATES = TypeAdapter(list[Update])


class TelegramBot(Bot):
    """The library's bot, which hands updates on as they came: it would give up on all of them for one it can't read."""

    @property
    def own_id(self) -> int:
        """The first part of its token."""
        return int(self.token.partition(":")[0])

    async def waiting(self, offset: int) -> list[Update]:
        """Presses and messages from `offset` on, as soon as there are any; asking so confirms all before it.

        Raises:
            ChannelDown: there is no answer, or none that can be read.
            NotTaken: Telegram does not want to be asked so.
        """
        asked = {"offset": offset, "timeout": POLL_SECONDS, "allowed_updates": ["callback_query", "message"]}
        found = await answered(self, self._post("getUpdates", asked, read_timeout=POLL_SECONDS + TIMEOUT_SECONDS))
        try:
            return _UPDATES.validate_python(found)
        except ValidationError:
            raise ChannelDown("updates that can't be read") from None


@asynccontextmanager
async def bot_at(api_url: str, token: str) -> AsyncIterator[TelegramBot]:
    """A bot, its connections open until the block ends.

    Args:
        api_url: https, or http to loopback, where no proxy may come to see the token.
    """
    _quieten()
    by_proxy = api_url.startswith("https:")
    async with _requests(by_proxy=by_proxy) as posting, _requests(by_proxy=by_proxy) as polling:
        yield TelegramBot(
            token,
            base_url=lambda secret: f"{api_url}/bot{secret}",
            base_file_url=lambda secret: f"{api_url}/file/bot{secret}",
            request=posting,
            get_updates_request=polling,
        )


async def answered(bot: Bot, call: Awaitable[T]) -> T:
    """What Telegram answered.

    Raises:
        ChannelDown: not now, or no answer.
        NotTaken: never this message.
    """
    try:
        return await call
    except TelegramError as error:
        raise _refusal(error, bot.token) from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # the library reads answers as if all were well
        raise ChannelDown(f"an answer that can't be read: {type(error).__name__}") from None


def _refusal(error: TelegramError, token: str) -> ChannelDown | NotTaken:
    match error:
        case RetryAfter():
            return ChannelDown("too many requests", _seconds(error.retry_after))
        case InvalidToken():
            return ChannelDown("Telegram knows no such bot: TELEGRAM_BOT_TOKEN is to be the token from @BotFather")
        case Conflict():
            return ChannelDown(
                "this bot is used elsewhere too: give TELEGRAM_BOT_TOKEN of a bot that nothing else polls"
            )
        case ChatMigrated():
            return ChannelDown(f"the group got another id: SWINEHERD_TELEGRAM_CHAT is to be {error.new_chat_id:d}")
        case BadRequest() if not str(error).casefold().startswith(_OF_THE_CHAT):
            return NotTaken(_why(error, token))
        case _:
            return ChannelDown(_why(error, token))


def _why(error: TelegramError, token: str) -> str:
    """A proxy's page of errors repeats the path that was asked for."""
    secret = token.rpartition(":")[2]
    return clean(f"{type(error).__name__}: {error}".replace(secret, "…"), MOST_WHY_CHARS)


def _seconds(retry_after: int | timedelta) -> float:
    seconds = retry_after.total_seconds() if isinstance(retry_after, timedelta) else retry_after
    return min(max(float(seconds), 1.0), LONGEST_RETRY_AFTER)


def _requests(*, by_proxy: bool) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=4,
        read_timeout=TIMEOUT_SECONDS,
        write_timeout=TIMEOUT_SECONDS,
        connect_timeout=TIMEOUT_SECONDS,
        pool_timeout=TIMEOUT_SECONDS,
        httpx_kwargs={"trust_env": by_proxy},
    )


def _quieten() -> None:
    """For httpx, which logs every URL, and the library, which logs whole answers and warns of an error of its own."""
    for name, level in (("telegram", logging.CRITICAL + 1), ("httpx", logging.WARNING), ("httpcore", logging.WARNING)):
        logging.getLogger(name).setLevel(level)
    warnings.filterwarnings("ignore", category=PTBDeprecationWarning)
