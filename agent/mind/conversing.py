"""A conversation as an OpenAI-compatible server takes it, and a model's turn as it streams back."""

import json
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI

from agent.mind.answer import NotTheForm
from agent.mind.port import Answered, Called, Offered, Said, Turn
from agent.mind.speech import Speech

LONGEST = 16_000
"""Characters of one turn of a model; the rest is not waited for."""


async def next_turn(
    chat: ChatOpenAI,
    instructions: str,
    turns: Sequence[Turn],
    tools: Sequence[Offered],
    *,
    natively: bool,
    speech: Speech,
    goes_on: Callable[[], None],
) -> Said | Called:
    """One answer, streamed.

    Args:
        natively: hand the tools over as such; else they are written into the instructions.
        speech: what was heard of it so far.
        goes_on: told of each piece of it.

    Raises:
        NotTheForm: the server's answer is no chat completion.
    """
    asked = _natively(instructions, turns) if natively else _in_words(instructions, turns, tools)
    how: dict[str, Any] = {"tools": [_function(tool) for tool in tools]} if natively and tools else {}
    whole: AIMessageChunk | None = None
    length = 0
    async for chunk in chat.bind(**how).astream(asked):
        if not isinstance(chunk, AIMessageChunk):
            raise NotTheForm("no chat completion")
        goes_on()
        whole = chunk if whole is None else whole + chunk
        if text := str(chunk.text):
            speech.add(text)
        length += len(text) + sum(len(part["args"] or "") for part in chunk.tool_call_chunks)
        if length > LONGEST:
            break
    if whole is not None and (call := _called(whole)) is not None:
        return call
    return speech.end() or Said("assistant", speech.text)


def _called(whole: AIMessageChunk) -> Called | None:
    """The first call that the server understood as one."""
    for call in whole.tool_calls:
        return Called(call["name"], dict(call["args"]))
    for broken in whole.invalid_tool_calls:
        return Called(str(broken["name"]), {})
    return None


def _function(tool: Offered) -> dict[str, object]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.schema)}
    return {"type": "function", "function": function}


def _natively(instructions: str, turns: Sequence[Turn]) -> list[BaseMessage]:
    asked: list[BaseMessage] = [SystemMessage(instructions)]
    numbers, last = count(1), ""
    for turn in turns:
        match turn:
            case Called(name, arguments):
                last = f"call_{next(numbers)}"
                asked.append(AIMessage("", tool_calls=[{"name": name, "args": dict(arguments), "id": last}]))
            case Answered(_, text):
                asked.append(ToolMessage(text, tool_call_id=last))
            case Said("assistant", text):
                asked.append(AIMessage(text))
            case Said(_, text):
                asked.append(HumanMessage(text))
    return asked


def _in_words(instructions: str, turns: Sequence[Turn], tools: Sequence[Offered]) -> list[BaseMessage]:
    """For servers that take no tools: a call is one JSON object, and its answer comes as a human's turn."""
    listed = "\n".join(f"{tool.name}: {tool.description} Arguments: {json.dumps(tool.schema)}" for tool in tools)
    how = 'To call a tool answer with one JSON object and nothing else: {"name": "…", "arguments": {…}}. Tools:'
    asked: list[BaseMessage] = [SystemMessage(f"{instructions}\n\n{how}\n{listed}" if tools else instructions)]
    for turn in turns:
        match turn:
            case Called(name, arguments):
                asked.append(AIMessage(json.dumps({"name": name, "arguments": dict(arguments)}, ensure_ascii=False)))
            case Answered(name, text):
                asked.append(HumanMessage(f"{name} answers: {text}"))
            case Said("assistant", text):
                asked.append(AIMessage(text))
            case Said(_, text):
                asked.append(HumanMessage(text))
    return asked
