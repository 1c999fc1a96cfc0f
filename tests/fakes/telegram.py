"""A stand-in for Telegram on loopback: its Bot API as far as we use it, stricter than the real one about the wire."""

import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.telegram_limits import Json, wrong_markup, wrong_text

SECRET = "AAsecret-of_the-bot-0123456789abcdef"
TOKEN = f"123456789:{SECRET}"
CHAT = -1001234567890
ANN, BOB, EVE = 1001, 1002, 1666

PATIENCE_SECONDS = 60.0

_TEXT = {"text", "entities", "link_preview_options", "reply_markup"}
_FIELDS = {
    "getUpdates": ({"offset", "timeout", "allowed_updates"}, set[str]()),
    "sendMessage": ({"chat_id", "text"}, _TEXT | {"reply_parameters"}),
    "editMessageText": ({"chat_id", "message_id", "text"}, _TEXT),
    "editMessageReplyMarkup": ({"chat_id", "message_id", "reply_markup"}, set[str]()),
    "answerCallbackQuery": ({"callback_query_id"}, {"text", "show_alert"}),
}
"""Of each method: the fields it needs, and those it may have too."""

_NO_TEXT = {"chat_id", "message_id", "timeout", "offset", "show_alert"}
_JSON = {"entities", "link_preview_options", "reply_markup", "reply_parameters", "allowed_updates", *_NO_TEXT}


class Refused(Exception):
    """What is answered instead of a result."""

    def __init__(self, description: str, status: int = 400, **parameters: int) -> None:
        super().__init__(description)
        self.body = {"ok": False, "error_code": status, "description": description}
        if parameters:
            self.body["parameters"] = parameters
        self.status = status


@dataclass
class Failure:
    """What the next call is answered with."""

    status: int
    body: Json | str = field(default_factory=dict)


class FakeTelegram:
    """One bot in one chat."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, Json]] = []
        self.messages: dict[int, Json] = {}
        self.answers: list[Json] = []
        self.failures: defaultdict[str, list[Failure]] = defaultdict(list)
        self.held: dict[str, asyncio.Event] = {}
        self.updates: list[Json] = []
        self._numbers = itertools.count(1)
        self._queries: set[str] = set()
        self._polling: asyncio.Event | None = None

    # the chat

    @property
    def cards(self) -> list[Json]:
        """Messages that are no replies, oldest first."""
        return [one for one in self.messages.values() if "reply_parameters" not in one]

    def replies(self, message_id: int) -> list[Json]:
        """Those to a message."""
        replies = [one for one in self.messages.values() if "reply_parameters" in one]
        return [one for one in replies if one["reply_parameters"]["message_id"] == message_id]

    @property
    def all_confirmed(self) -> bool:
        """Whether whoever asks has taken, and confirmed, every update."""
        return not self.updates and self._polling is not None

    @property
    def told(self) -> list[str]:
        """What those who pressed were answered."""
        return [one["text"] for one in self.answers]

    def query(self, button: str, by: int = ANN, **changes: Any) -> Json:
        """What Telegram sends for a press on the newest message that has, or had, a button that begins so."""
        card, data = self._button(button)
        query_id = str(4_000_000_000_000 + next(self._numbers))
        self._queries.add(query_id)
        return {
            "id": query_id,
            "from": {"id": by, "is_bot": False, "first_name": "Ann", "username": "ann", "language_code": "en"},
            "message": {
                "message_id": card["message_id"],
                "from": {"id": 123456789, "is_bot": True, "first_name": "herd"},
                "chat": {"id": CHAT, "title": "gpus", "type": "supergroup"},
                "date": 1_774_872_000,
                "text": card["text"],
            },
            "chat_instance": "-7000000000000",
            "data": data,
            **changes,
        }

    def _button(self, begins: str) -> tuple[Json, str]:
        for card in reversed(self.cards):
            for markup in reversed(card["markups"]):
                for button in itertools.chain(*markup["inline_keyboard"]):
                    if button["text"].startswith(begins):
                        return card, button.get("callback_data", "")
        raise AssertionError(f"nobody can press {begins}")

    def press(self, button: str, by: int = ANN, **changes: Any) -> Json:
        """Queue it, as Telegram does until it is confirmed."""
        return self.send(self.query(button, by, **changes))

    def write(self, text: str, by: int = ANN, **changes: Any) -> Json:
        """Queue a message; in the group, as a reply to one of the bot's."""
        message = {
            "message_id": next(self._numbers),
            "from": {"id": by, "is_bot": False, "first_name": "Ann", "username": "ann", "language_code": "en"},
            "chat": {"id": CHAT, "title": "gpus", "type": "supergroup"},
            "date": 1_774_872_000,
            "text": text,
            "reply_to_message": {"message_id": 1, "from": {"id": 123456789, "is_bot": True, "first_name": "herd"}},
            **changes,
        }
        return self.send(message, "message")

    def send(self, query: Json, kind: str = "callback_query") -> Json:
        """Queue what may be no press at all."""
        update = {"update_id": 700_000_000 + next(self._numbers), kind: query}
        self.updates.append(update)
        if self._polling is not None:
            self._polling.set()
        return update

    # the wire

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["FakeTelegram"]:
        """On a free port of loopback."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._call)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        try:
            yield self
        finally:
            if self._polling is not None:
                self._polling.set()
            await runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        try:
            method = _method(request)
            arguments = _arguments(method, dict(await request.post()))
            self.calls.append((method, arguments))
            if self.failures[method]:
                return _failing(self.failures[method].pop(0))
            if method in self.held:
                await self.held[method].wait()
            result = await self._answer(method, arguments)
        except Refused as refused:
            return web.json_response(refused.body, status=refused.status)
        return web.json_response({"ok": True, "result": result})

    async def _answer(self, method: str, arguments: Json) -> object:
        if method == "getUpdates":
            return await self._updates(arguments)
        if method == "answerCallbackQuery":
            return self._answered(arguments)
        if arguments["chat_id"] != CHAT:
            raise Refused("Bad Request: chat not found")
        if "text" in arguments:
            _check(wrong_text(arguments["text"], arguments.get("entities", [])))
        markup = arguments.get("reply_markup", {"inline_keyboard": []})
        _check(wrong_markup(markup))
        return self._sent(arguments, markup) if method == "sendMessage" else self._edited(arguments, markup)

    async def _updates(self, asked: Json) -> list[Json]:
        """What was confirmed is forgotten; whoever asks while another waits takes its place."""
        wanted = asked["allowed_updates"] == ["callback_query", "message"]
        _check(None if wanted and 0 < asked["timeout"] <= 50 else "updates")
        if self._polling is not None:
            self._polling.set()
        mine = self._polling = asyncio.Event()
        self.updates = [one for one in self.updates if one["update_id"] >= asked["offset"]]
        if not self.updates:
            with suppress(TimeoutError):
                await asyncio.wait_for(mine.wait(), asked["timeout"])
        if self._polling is not mine:
            raise Refused("Conflict: terminated by other getUpdates request; make sure that only one bot instance", 409)
        self._polling = None
        return self.updates[:100]

    def _answered(self, arguments: Json) -> bool:
        if arguments["callback_query_id"] not in self._queries:
            raise Refused("Bad Request: query is too old and response timeout expired or query ID is invalid")
        if not len(arguments.get("text", "")) <= 200:
            raise Refused("Bad Request: MESSAGE_TOO_LONG")
        self._queries.remove(arguments["callback_query_id"])
        self.answers.append({"show_alert": False, **arguments})
        return True

    def _sent(self, arguments: Json, markup: Json) -> Json:
        number = next(self._numbers)
        self.messages[number] = {**arguments, "message_id": number, "reply_markup": markup, "markups": [markup]}
        return self._shown(number)

    def _edited(self, arguments: Json, markup: Json) -> Json:
        message = self.messages.get(arguments["message_id"])
        if message is None:
            raise Refused("Bad Request: message to edit not found")
        changed = {**arguments, "reply_markup": markup}
        if all(message.get(name) == value for name, value in changed.items()):
            raise Refused("Bad Request: message is not modified: specified new message content is exactly the same")
        message |= changed
        message["markups"] = [*message["markups"], markup]
        return self._shown(arguments["message_id"])

    def _shown(self, message_id: int) -> Json:
        chat = {"id": CHAT, "title": "gpus", "type": "supergroup"}
        text = self.messages[message_id]["text"]
        return {"message_id": message_id, "date": 1_774_872_000, "chat": chat, "text": text, "new_field": 1}


def _method(request: web.Request) -> str:
    token, _, method = request.path.removeprefix("/bot").partition("/")
    if token != TOKEN:
        raise Refused("Unauthorized", 401)
    if request.method != "POST" or method not in _FIELDS:
        raise Refused("Not Found", 404)
    return method


def _failing(failure: Failure) -> web.Response:
    if isinstance(failure.body, str):
        return web.Response(status=failure.status, text=failure.body, content_type="text/html")
    return web.json_response(failure.body, status=failure.status)


def _arguments(method: str, form: Json) -> Json:
    """As the method takes them."""
    needed, allowed = _FIELDS[method]
    _check(None if needed <= form.keys() <= needed | allowed else f"fields {sorted(form)}")
    return {name: json.loads(value) if name in _JSON else value for name, value in form.items()}


def _check(problem: str | None) -> None:
    if problem is not None:
        raise Refused(f"Bad Request: {problem}")


async def until(look: Callable[[], object]) -> None:
    """Wait for what another task or process does. Raises `TimeoutError` where it does not."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not look():  # noqa: ASYNC110 - nothing else tells of it
            await asyncio.sleep(0.005)
