"""The turns of a conversation: as a checkpoint keeps them, and as much of them as a model is shown."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, assert_never

from agent.mind.port import Answered, Called, Said, Turn

MOST_KEPT = 60
SHOWN = (16_000, 2_500)
"""Characters of the past that a model is shown, and fewer where it can't hold so many; of one answer a half."""
MOST_OLD_ANSWER = 600
"""Characters of a tool's answer once another message has come."""
MOST_ARGUMENTS = 16_000
"""Characters that a model may fill in."""
DEEPEST = 4
"""Levels of its lists and objects; no tool takes more than two."""
MOST_NAME = 64


def as_kept(turn: Turn) -> dict[str, Any]:
    """Plain JSON."""
    match turn:
        case Said(role, text):
            return {"role": role, "text": text}
        case Called(name, arguments):
            return {"tool": name, "arguments": dict(arguments)}
        case Answered(name, text):
            return {"tool": name, "text": text}
        case _:
            assert_never(turn)


def keepable(said: Said | Called) -> Said | Called:
    """What a model says, as a checkpoint can hold it; of arguments that no tool could mean none are left."""
    if isinstance(said, Said):
        return Said(said.role, encodable(said.text))
    fits = _is_plain(said.arguments, DEEPEST) and _size(said) <= MOST_ARGUMENTS
    return Called(encodable(said.name)[:MOST_NAME], said.arguments if fits else {})


def encodable(text: str) -> str:
    """`text` without halves of characters, which JSON and terminals have, and UTF-8 has not."""
    return text.encode("utf-8", "replace").decode()


def _is_plain(value: object, levels: int) -> bool:
    match value:
        case str():
            return encodable(value) == value
        case None | bool():
            return True
        case int():
            return abs(value) < 1 << 63
        case float():
            return isfinite(value)
        case list():
            return levels > 0 and all(_is_plain(one, levels - 1) for one in value)
        case Mapping():
            parts = (*value.keys(), *value.values())
            return levels > 0 and all(_is_plain(one, levels - 1) for one in parts)
        case _:
            return False


def from_kept(kept: Mapping[str, Any]) -> Turn:
    """The turn again."""
    match kept:
        case {"tool": name, "arguments": arguments}:
            return Called(name, arguments)
        case {"tool": name, "text": text}:
            return Answered(name, text)
        case _:
            return Said(kept["role"], kept["text"])


def newest(turns: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many as are kept, from a human's message on."""
    kept = list(turns[-MOST_KEPT:])
    while kept and kept[0].get("role") != "user":
        del kept[0]
    return kept


def shown(turns: Sequence[Turn], most: int) -> list[Turn]:
    """The end of a conversation, from a human's message on; answers of tools lose their ends.

    The last message is there whatever its length, with all that came after it.

    Args:
        most: characters before it.
    """
    last = max((at for at, turn in enumerate(turns) if _is_human(turn)), default=0)
    past = [_shortened(turn, MOST_OLD_ANSWER) for turn in turns[:last]]
    size, begin = 0, len(past)
    for at in range(len(past) - 1, -1, -1):
        size += _size(past[at])
        if size > most:
            break
        if _is_human(past[at]):
            begin = at
    return [*past[begin:], *(_shortened(turn, most // 2) for turn in turns[last:])]


def was_addressed(kept: Sequence[Mapping[str, Any]]) -> bool:
    """Whether words of the agent's were the last turn: they may have been a question."""
    return bool(kept) and kept[-1].get("role") == "assistant"


def human_words(turns: Sequence[Turn]) -> list[str]:
    """What the human said, the latest first."""
    return [turn.text for turn in reversed(turns) if isinstance(turn, Said) and _is_human(turn)]


def not_the_models(turns: Sequence[Turn]) -> list[str]:
    """What the human said, and what tools answered."""
    return [turn.text for turn in turns if isinstance(turn, Answered) or (isinstance(turn, Said) and _is_human(turn))]


def _is_human(turn: Turn) -> bool:
    return isinstance(turn, Said) and turn.role == "user"


def _shortened(turn: Turn, most: int) -> Turn:
    if isinstance(turn, Answered) and len(turn.text) > most:
        return Answered(turn.name, f"{turn.text[:most]} …")
    return turn


def _size(turn: Turn) -> int:
    return sum(len(str(value)) for value in as_kept(turn).values())
