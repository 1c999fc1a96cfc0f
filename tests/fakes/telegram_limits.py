"""What Telegram takes as a message, and what it makes of one by itself."""

import itertools
import re
from typing import Any

Json = dict[str, Any]


def wrong_text(text: str, entities: list[Json]) -> str | None:
    """What Telegram would refuse or leave out: limits, and entities that are outside of the text or overlap."""
    if not 1 <= _units(text) <= 4096:
        return f"a text of {_units(text)} units"
    ends = 0
    for one in entities:
        if one["type"] not in {"bold", "pre"} or one["offset"] < ends or one["length"] < 1:
            return f"entity {one}"
        ends = one["offset"] + one["length"]
    return None if ends <= _units(text) and len(entities) <= 100 else "entities"


def wrong_markup(markup: Json) -> str | None:
    """Likewise of buttons: a text, and either data of at most 64 bytes or a URL."""
    if markup.keys() != {"inline_keyboard"}:
        return "reply_markup"
    for button in itertools.chain(*markup["inline_keyboard"]):
        data, url = button.get("callback_data"), button.get("url")
        if not button["text"] or (data is None) == (url is None) or len(button) != 2:
            return "BUTTON_INVALID"
        if data is not None and not 1 <= len(data.encode()) <= 64:
            return "BUTTON_DATA_INVALID"
        if url is not None and not re.match(r"https?://[^/\s]+", url):
            return "BUTTON_URL_INVALID"
    return None


def buttons(message: Json) -> list[str]:
    """What can be pressed under a message now."""
    return [button["text"] for button in itertools.chain(*message["reply_markup"]["inline_keyboard"])]


_FOUND = re.compile(
    r"(?:[a-z]+://|www\.|tg:)\S+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b"
    r"|[@#]\w+|\$[A-Z]{1,8}\b|(?<![\w/])/\w+|\+\d[\d -]{6,}",
    re.IGNORECASE,
)
"""What Telegram makes links of by itself, and somewhat more: URLs, hosts, @names, #tags, $TAGS, /commands, numbers."""


def markup_in(message: Json) -> list[str]:
    """What would be a link in a message: nothing, where all is well."""
    previews = [] if message["link_preview_options"] == {"is_disabled": True} else ["a preview"]
    text = message["text"].encode("utf-16-le")
    for one in message["entities"]:
        if one["type"] == "pre":
            start, end = 2 * one["offset"], 2 * (one["offset"] + one["length"])
            text = text[:start] + " ".encode("utf-16-le") * one["length"] + text[end:]
    return previews + _FOUND.findall(text.decode("utf-16-le"))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
