"""What a thread of talk keeps: plain JSON, with nothing in it that approves a payment."""

from typing import Any, TypedDict

from agent.mind.port import Called, Turn
from agent.talk.turns import as_kept, from_kept, human_words, newest


class TalkState(TypedDict, total=False):
    """Attributes:
    turns: of the conversation, plain JSON.
    draft: what was described so far, where something was left open.
    wants_command: whether that is the command, and nothing else.
    calls: tools called for this message.
    proposal: what waits for a yes.
    """

    turns: list[dict[str, Any]]
    draft: str
    wants_command: bool
    calls: int
    proposal: dict[str, Any]


def call_of(state: TalkState) -> Called:
    """The last one: its answer is still to come."""
    turn = from_kept(state["turns"][-1])
    if not isinstance(turn, Called):
        raise TypeError(f"no call is open: {turn}")
    return turn


def messages_of(state: TalkState) -> list[str]:
    """The human's, the latest first, with what it is an answer to."""
    said = human_words([from_kept(one) for one in state["turns"]])
    draft = state.get("draft")
    return [f"{draft}\n{said[0]}", *said] if draft else said


def last_said(state: TalkState) -> str:
    """The human's message."""
    return human_words([from_kept(one) for one in state["turns"]])[0]


def of_this_message(state: TalkState) -> list[dict[str, Any]]:
    last = max(at for at, turn in enumerate(state["turns"]) if turn.get("role") == "user")
    return state["turns"][last + 1 :]


def with_turn(state: TalkState, turn: Turn) -> list[dict[str, Any]]:
    return newest([*state["turns"], as_kept(turn)])
