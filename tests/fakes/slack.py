"""A stand-in for Slack on loopback: its Web API and Socket Mode as far as we use them, strict about the wire format."""

import asyncio
import itertools
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]

BOT, APP, TEAM, CHANNEL = "xoxb-secret-bot", "xapp-secret-app", "T0HERD", "C0HERD"

ACK_SECONDS = 3.0

_REQUIRED = {
    "auth.test": set[str](),
    "apps.connections.open": set[str](),
    "chat.postMessage": {"channel", "text", "blocks"},
    "chat.update": {"channel", "ts", "text", "blocks"},
    "chat.postEphemeral": {"channel", "user", "text", "blocks"},
}
_BLOCKS = {"header", "section", "context", "actions", "rich_text"}


@dataclass
class Failure:
    """What the next call is answered with."""

    status: int = 200
    body: Json | str = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class FakeSlack:
    """One workspace with one channel."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, Json]] = []
        self.messages: dict[str, Json] = {}
        self.whispers: list[tuple[str, str]] = []
        self.failures: defaultdict[str, list[Failure]] = defaultdict(list)
        self.sockets: list[web.WebSocketResponse] = []
        self.opened = 0
        self._numbers = itertools.count(1)
        self._acks: dict[str, asyncio.Event] = {}

    # the workspace

    @property
    def cards(self) -> list[Json]:
        """Messages that are no replies, oldest first."""
        return [one for one in self.messages.values() if one.get("thread_ts") is None]

    def replies(self, ts: str) -> list[Json]:
        """Those in a message's thread."""
        return [one for one in self.messages.values() if one.get("thread_ts") == ts]

    def body(self, action_id: str, by: str = "U0ANN", **changes: Any) -> Json:
        """What Slack sends for a press on the newest card that has the button."""
        card, button = self._button(action_id)
        return {
            "type": "block_actions",
            "team": {"id": TEAM, "domain": "herd"},
            "user": {"id": by, "username": "ann", "name": "ann", "team_id": TEAM},
            "api_app_id": "A0HERD",
            "token": "verification-token",
            "trigger_id": "1.2.abc",
            "container": {"type": "message", "message_ts": card["ts"], "channel_id": CHANNEL, "is_ephemeral": False},
            "channel": {"id": CHANNEL, "name": "gpus"},
            "message": {"ts": card["ts"], "type": "message", "text": card["text"]},
            "response_url": "https://hooks.slack.test/actions/1",
            "actions": [{**button, "type": "button", "block_id": "b", "action_ts": "1.0"}],
            **changes,
        }

    def _button(self, action_id: str) -> tuple[Json, Json]:
        for card in reversed(self.cards):
            for block in card["shown"] if "shown" in card else card["blocks"]:
                for button in block.get("elements", []) if block["type"] == "actions" else []:
                    if button["action_id"] == action_id:
                        return card, {"action_id": action_id, "value": button.get("value", "")}
        raise AssertionError(f"nobody can press {action_id}")

    def mention(self, text: str, by: str = "U0ANN", **changes: Any) -> Json:
        """What Slack sends where somebody mentions the app."""
        ts = f"1774872000.{next(self._numbers):06d}"
        event = {"type": "app_mention", "user": by, "team": TEAM, "channel": CHANNEL, "ts": ts, "event_ts": ts}
        return {
            "type": "event_callback",
            "token": "verification-token",
            "team_id": TEAM,
            "api_app_id": "A0HERD",
            "event_id": f"Ev{ts}",
            "event_time": 1_774_872_000,
            "is_ext_shared_channel": False,
            "event": {**event, "client_msg_id": "1-2", "text": f"<@U0BOT> {text}", "blocks": [], **changes},
        }

    async def press(self, body: Json, envelope_id: str = "") -> None:
        """Send it over the newest socket; it must be acknowledged in time."""
        await self._send(body, "interactive", envelope_id)

    async def say(self, body: Json, envelope_id: str = "") -> None:
        """A mention, likewise."""
        await self._send(body, "events_api", envelope_id)

    async def _send(self, body: Json, kind: str, envelope_id: str) -> None:
        envelope = envelope_id or f"e-{next(self._numbers)}"
        acked = self._acks.setdefault(envelope, asyncio.Event())
        message = {"type": kind, "envelope_id": envelope, "accepts_response_payload": False, "payload": body}
        await self.sockets[-1].send_str(json.dumps(message))
        await asyncio.wait_for(acked.wait(), ACK_SECONDS)

    async def connected(self, times: int = 1) -> None:
        """Wait for a socket, the n-th that was opened."""
        while self.opened < times:  # noqa: ASYNC110 - nothing else waits for it
            await asyncio.sleep(0.005)

    # the wire

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["FakeSlack"]:
        """On a free port of loopback."""
        app = web.Application()
        app.router.add_post("/api/{method}", self._call)
        app.router.add_get("/link", self._socket)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/api/"
        try:
            yield self
        finally:
            for socket in self.sockets:
                await socket.close()
            await runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        json_body = request.content_type == "application/json"
        arguments: Json = await request.json() if json_body else dict(await request.post())
        self.calls.append((method, arguments))
        if self.failures[method]:
            failure = self.failures[method].pop(0)
            text = failure.body if isinstance(failure.body, str) else json.dumps(failure.body)
            kind = "text/html" if isinstance(failure.body, str) else "application/json"
            return web.Response(status=failure.status, text=text, headers=failure.headers, content_type=kind)
        token = APP if method == "apps.connections.open" else BOT
        if request.headers.get("Authorization") != f"Bearer {token}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        missing = _REQUIRED[method] - {name for name, value in arguments.items() if value}
        if missing:
            return web.json_response({"ok": False, "error": f"missing {sorted(missing)}"})
        if arguments.get("channel", CHANNEL) != CHANNEL:
            return web.json_response({"ok": False, "error": "channel_not_found"})
        if method == "chat.update" and arguments["ts"] not in self.messages:
            return web.json_response({"ok": False, "error": "message_not_found"})
        problem = wrong_blocks(arguments["blocks"]) if "blocks" in arguments else None
        if problem:
            return web.json_response({"ok": False, "error": "invalid_blocks", "why": problem})
        return web.json_response({"ok": True, **self._answer(method, arguments)})

    def _answer(self, method: str, arguments: Json) -> Json:
        match method:
            case "auth.test":
                return {"team_id": TEAM, "team": "herd", "user_id": "U0BOT", "bot_id": "B0BOT"}
            case "apps.connections.open":
                return {"url": f"{self.url.replace('http', 'ws').removesuffix('api/')}link?ticket=secret-ticket"}
            case "chat.postMessage":
                ts = f"1700000000.{next(self._numbers):06d}"
                self.messages[ts] = {**arguments, "ts": ts, "shown": arguments["blocks"]}
                return {"channel": CHANNEL, "ts": ts}
            case "chat.update":
                self.messages[arguments["ts"]] |= {"text": arguments["text"], "blocks": arguments["blocks"]}
                return {"channel": CHANNEL, "ts": arguments["ts"]}
            case _:
                self.whispers.append((arguments["user"], text_of(arguments["blocks"])))
                return {"message_ts": "1700000000.999999"}

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        hello = {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0HERD"}, "debug_info": {}}
        await socket.send_str(json.dumps(hello))
        self.sockets.append(socket)
        self.opened += 1
        async for message in socket:
            acked = self._acks.get(json.loads(message.data).get("envelope_id", ""))
            if acked is not None:
                acked.set()
        return socket


def wrong_blocks(blocks: list[Json]) -> str | None:
    """What Slack would refuse: types, and the limits of its reference for Block Kit."""
    if not 1 <= len(blocks) <= 50:
        return f"{len(blocks)} blocks"
    problems = (_wrong_block(block) for block in blocks)
    return next((problem for problem in problems if problem), None)


def _wrong_block(block: Json) -> str | None:
    match block:
        case {"type": "header", "text": {"type": "plain_text", "text": text}}:
            return _wrong_text(text, 150)
        case {"type": "section", "text": text}:
            return _wrong_text(text["text"], 3000)
        case {"type": "section", "fields": fields}:
            return _first(len(fields) > 10 and "fields", *(_wrong_text(one["text"], 2000) for one in fields))
        case {"type": "context", "elements": elements}:
            return _first(len(elements) > 10 and "elements", *(_wrong_text(one["text"], 3000) for one in elements))
        case {"type": "actions", "elements": buttons}:
            return _first(len(buttons) > 25 and "buttons", *map(_wrong_button, buttons))
        case {"type": "rich_text", "elements": [{"type": kind, "elements": [{"type": "text", "text": text}]}]}:
            in_a_box = kind in {"rich_text_preformatted", "rich_text_quote"}
            return _wrong_text(text, 3000) if in_a_box else f"a text in {kind}"
        case _:
            pass
    return f"a block of type {block.get('type')}" if block.get("type") not in _BLOCKS else "a block without its parts"


def _wrong_button(button: Json) -> str | None:
    confirm = button.get("confirm")
    wrong = confirm and _first(
        _wrong_text(confirm["title"]["text"], 100),
        _wrong_text(confirm["text"]["text"], 300),
        _wrong_text(confirm["confirm"]["text"], 30),
        _wrong_text(confirm["deny"]["text"], 30),
    )
    return _first(
        wrong,
        button["type"] != "button" and "no button",
        _wrong_text(button["action_id"], 255),
        _wrong_text(button["text"]["text"], 75),
        len(button.get("value", "")) > 2000 and "value",
        len(button.get("url", "")) > 3000 and "url",
        button.get("style", "primary") not in {"primary", "danger"} and "style",
    )


def _wrong_text(text: str, most: int) -> str | None:
    return None if 1 <= len(text) <= most else f"a text of {len(text)} characters where {most} fit"


def _first(*problems: object) -> str | None:
    return next((str(problem) for problem in problems if problem), None)


def objects(value: Any) -> list[Json]:
    """Every object in a JSON value, itself included."""
    if isinstance(value, list):
        return [found for one in value for found in objects(one)]
    if isinstance(value, dict):
        return [value, *(found for one in value.values() for found in objects(one))]
    return []


def text_of(blocks: list[Json]) -> str:
    """All that a human reads there."""
    return "\n".join(one["text"] for one in objects(blocks) if isinstance(one.get("text"), str))


def markup(message: Json) -> list[str]:
    """What Slack would read as a link, a mention or an emoji in a message: nothing, where all is well."""
    texts = [one for one in objects(message["blocks"]) if one.get("type") in {"plain_text", "mrkdwn"}]
    read = [str(one) for one in texts if one["type"] == "mrkdwn" or one.get("emoji") is not False]
    return read + re.findall(r"<[^>]*>", message.get("text", ""))
