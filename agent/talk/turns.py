"""The turns of a conversation: as a checkpoint keeps them, and as much of them as a model is shown."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from agent.mind.port import Answered, Called, Said, Turn

MOST_KEPT = 60
SHOWN = (16_000, 2_500)
"""Characters of the past that a model is shown, and fewer where it can't hold so many; of one answer a half."""
MOST_OLD_ANSWER = 600
"""Characters of a tool's answer once another message has come."""


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


def human_words(turns: Sequence[Turn]) -> list[str]:
    """What the human said, the latest first."""
    return [turn.text for turn in reversed(turns) if isinstance(turn, Said) and _is_human(turn)]


def _is_human(turn: Turn) -> bool:
    return isinstance(turn, Said) and turn.role == "user"


def _shortened(turn: Turn, most: int) -> Turn:
    if isinstance(turn, Answered) and len(turn.text) > most:
        return Answered(turn.name, f"{turn.text[:most]} …")
    return turn


def _size(turn: Turn) -> int:
    return sum(len(str(value)) for value in as_kept(turn).values())
