"""The text channels of a worker: each in a task of its own, by what the environment and the policy name."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog

from agent.chat.talks import Talks
from agent.errors import BadSettings
from agent.extras import need
from agent.parts import Parts
from agent.settings import Settings
from tools.errors import Malformed
from tools.gpuhog.channel import checked_base_url

_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{2,40}")
_BOT_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{20,100}")
_CHAT_ID = re.compile(r"-?[1-9][0-9]{0,17}")

AGAIN_SECONDS = 60.0

Work = Callable[[], Awaitable[None]]

_log = structlog.get_logger()


@asynccontextmanager
async def channels(parts: Parts, settings: Settings, talks: Talks, link: str = "") -> AsyncIterator[None]:
    """Tell Slack, Telegram and Apprise what waits for a human, and hear them, until the block ends.

    Args:
        talks: with whoever writes to us there; closed at the end.
        link: the web chat, where one is served.

    Raises:
        BadSettings: a part of a channel's settings is missing or wrong, or an extra is not installed.
    """
    works = [*_slack(parts, settings, talks), *_telegram(parts, settings, talks), *_notices(parts, link)]
    running = [asyncio.create_task(_again_and_again(parts, work)) for work in works]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await talks.close()


async def _again_and_again(parts: Parts, work: Work) -> None:
    """Until cancelled: what ends a channel ends nothing else, and not the channel for good."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - the outermost edge of a channel
            _log.exception("a channel is begun anew", again_in=AGAIN_SECONDS)
        await parts.clock.sleep(AGAIN_SECONDS)


def _slack(parts: Parts, settings: Settings, talks: Talks) -> list[Work]:
    named = {
        "SLACK_BOT_TOKEN": settings.slack_bot_token,
        "SLACK_APP_TOKEN": settings.slack_app_token,
        "SWINEHERD_SLACK_CHANNEL": settings.slack_channel,
    }
    missing = [name for name, value in named.items() if not value]
    if len(missing) == len(named):
        return []
    bot, app, channel = settings.slack_bot_token, settings.slack_app_token, settings.slack_channel
    if bot is None or app is None or channel is None:
        raise BadSettings(f"Slack needs {', '.join(missing)} in the environment too")
    if _CHANNEL_ID.fullmatch(channel) is None:
        raise BadSettings("SWINEHERD_SLACK_CHANNEL is to be a channel's id (C…), not its name")
    need("slack_bolt", "slack")
    from agent.chat.slack.run import Keys, run  # noqa: PLC0415 - of an extra

    return [partial(run, parts, Keys(bot, app, channel, settings.slack_api_url), talks)]


def _telegram(parts: Parts, settings: Settings, talks: Talks) -> list[Work]:
    token, chat = settings.telegram_bot_token, settings.telegram_chat
    if token is None and chat is None:
        return []
    if token is None or chat is None:
        missing = "TELEGRAM_BOT_TOKEN" if token is None else "SWINEHERD_TELEGRAM_CHAT"
        raise BadSettings(f"Telegram needs {missing} in the environment too")
    if _BOT_TOKEN.fullmatch(token.get_secret_value()) is None:
        raise BadSettings("TELEGRAM_BOT_TOKEN is to be a bot's token as @BotFather shows it (123456789:…)")
    if _CHAT_ID.fullmatch(chat) is None:
        raise BadSettings("SWINEHERD_TELEGRAM_CHAT is to be a chat's id, a number, not its name")
    try:
        api_url = checked_base_url(settings.telegram_api_url, allow_plain_http_loopback=True)
    except Malformed as error:
        raise BadSettings(f"TELEGRAM_API_URL: {error}") from error
    need("telegram", "telegram")
    from agent.chat.telegram.run import Keys, run  # noqa: PLC0415 - of an extra

    return [partial(run, parts, Keys(token, int(chat), api_url), talks)]


def _notices(parts: Parts, link: str) -> list[Work]:
    if not parts.policy.chat.notify_url:
        return []
    need("apprise", "notify")
    from agent.chat.notify import Notices  # noqa: PLC0415 - of an extra
    from agent.chat.relay import relayed  # noqa: PLC0415 - likewise only where there is a channel

    return [partial(relayed, parts, Notices(parts.policy.chat.notify_url, link))]
