"""Slack's Socket Mode: a websocket that we open. Presses and mentions come on it, each acknowledged before all else."""

import asyncio
import re
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from agent.chat.messages import ChannelDown, NotTaken
from agent.chat.slack.blocks import APPROVE, DENY, PAY
from agent.chat.slack.mention import Ear
from agent.chat.slack.press import Door
from agent.chat.slack.web_api import QUIET, SlackChannel
from tools.errors import SwineherdError
from tools.ports import Clock

PING_SECONDS = 10.0
"""A pong that takes half of it ends the connection: shorter, and a busy machine would never keep one."""

CONNECT_SECONDS = 60.0
LOST_SECONDS = 60.0
"""A connection that the library has not got back by itself for so long is begun anew."""

_log = structlog.get_logger()


def bolt_app(client: AsyncWebClient, channel: SlackChannel, door: Door, ear: Ear, team: str) -> AsyncApp:
    """The app that takes presses, and what is said to it. It asks Slack nothing before it acknowledges one."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=team, bot_token=client.token)

    # Under its name the library makes a logger as quiet as that one: ours would be it.
    app = AsyncApp(name=f"{QUIET.name}.bolt", client=client, authorize=authorize, logger=QUIET)

    async def pressed(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        try:
            answered = door.answer(body)
            if answered is not None:
                await channel.whisper(*answered)
        except (ChannelDown, NotTaken) as error:
            _log.warning("an answer to a press was not told", channel="slack", why=str(error))
        except SwineherdError as error:
            _log.error("a press was not recorded", channel="slack", why=str(error))
        except Exception:  # noqa: BLE001 - the outermost edge of a press: the library would swallow it
            _log.exception("a defect of ours", channel="slack")

    async def mentioned(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        try:
            await ear.hear(body, channel)
        except (ChannelDown, NotTaken) as error:
            _log.warning("an answer to a message was not told", channel="slack", why=str(error))
        except Exception:  # noqa: BLE001 - the outermost edge of a message
            _log.exception("a defect of ours", channel="slack")

    async def opened(ack: AsyncAck) -> None:
        await ack()

    app.action(re.compile(f"^({APPROVE}|{DENY})$"))(pressed)
    app.action(PAY)(opened)
    app.event("app_mention")(mentioned)
    return app


class Socket:
    """Keeps one connection open until cancelled."""

    def __init__(self, app: AsyncApp, app_token: str, clock: Clock) -> None:
        self._app = app
        self._app_token = app_token
        self._clock = clock

    async def run(self) -> None:
        """The library comes back by itself after nearly anything; where it does not, all is begun anew."""
        while True:
            handler = AsyncSocketModeHandler(
                self._app, self._app_token, QUIET, self._app.client, ping_interval=PING_SECONDS
            )
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await handler.connect_async()  # type: ignore[no-untyped-call]
                _log.info("connected", channel="slack")
                await self._while_connected(handler)
            except TimeoutError:
                pass
            finally:
                await handler.close_async()  # type: ignore[no-untyped-call]
            _log.warning("the connection is begun anew", channel="slack")

    async def _while_connected(self, handler: AsyncSocketModeHandler) -> None:
        seen = self._clock.monotonic()
        while self._clock.monotonic() - seen < LOST_SECONDS:
            await self._clock.sleep(PING_SECONDS)
            if await handler.client.is_connected():
                seen = self._clock.monotonic()
