"""One message on its way to a channel."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog

from agent.chat.messages import Channel, ChannelDown, NotTaken

SEND_SECONDS = 20.0

_log = structlog.get_logger()

T = TypeVar("T")


async def sent(channel: Channel, sending: Awaitable[T]) -> T | None:
    """Within its time; None for a message that is never taken: the others must not wait behind it.

    Raises:
        ChannelDown: not now, or no answer in time.
    """
    try:
        async with asyncio.timeout(SEND_SECONDS):
            return await sending
    except TimeoutError as error:
        raise ChannelDown(f"no answer within {SEND_SECONDS:.0f} s") from error
    except NotTaken as error:
        _log.error("a message is not taken", channel=channel.name, why=str(error))
        return None
