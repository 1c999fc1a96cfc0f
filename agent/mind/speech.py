"""What a model writes in a conversation, told apart as it comes: words for a human, or the call of a tool.

Many servers hand a call over as such. Small models write it down instead, bare or in a fenced block, and that is a call
too: it is never shown as words.
"""

import json
from collections.abc import Callable, Collection

from agent.mind.port import Called
from tools.gpuhog import strict_json

_BEGINS = ("```", "{", "<tool_call>")
"""Where a call that is written down may begin, at the start of a line."""


class Speech:
    """One turn of a model, piece by piece.

    Args:
        names: of the tools there are.
        hear: given what is surely words.
    """

    def __init__(self, names: Collection[str], hear: Callable[[str], None]) -> None:
        self._names = names
        self._hear = hear
        self._text = ""
        self._heard = 0

    @property
    def text(self) -> str:
        """All of it so far."""
        return self._text

    def add(self, piece: str) -> None:
        """More of it; what may be a call is kept back."""
        self._text += piece
        self._hear_until(self._surely_words())

    def end(self) -> Called | None:
        """The call that is written down, if there is one; else the rest is heard."""
        call = _written_call(self._text[self._heard :], self._names)
        if call is None:
            self._hear_until(len(self._text))
        return call

    def _hear_until(self, end: int) -> None:
        if end > self._heard:
            self._hear(self._text[self._heard : end])
            self._heard = end

    def _surely_words(self) -> int:
        """Up to the first line that may be a call; the last line may have too little of it to tell."""
        at = 0
        for line in self._text.splitlines(keepends=True):
            begins, whole = line.lstrip(), line.endswith("\n")
            if begins.startswith(_BEGINS) or (not whole and any(mark.startswith(begins) for mark in _BEGINS)):
                return at
            at += len(line)
        return at


def _written_call(text: str, names: Collection[str]) -> Called | None:
    """The first JSON object that names one of the tools."""
    begin = text.find("{")
    while begin >= 0:
        try:
            _, end = json.JSONDecoder().raw_decode(text, begin)
        except (json.JSONDecodeError, RecursionError):
            end = begin + 1
        else:
            if call := _as_call(text[begin:end], names):
                return call
        begin = text.find("{", end)
    return None


def _as_call(text: str, names: Collection[str]) -> Called | None:
    try:
        strict_json.load_object(text.encode())
    except ValueError:
        return None
    value = json.loads(text)
    name, arguments = value.get("name"), value.get("arguments", value.get("parameters", {}))
    if name in names and isinstance(arguments, dict):
        return Called(name, arguments)
    return None
