"""One question as each method puts it: what is sent, and where in the answer the text of the form is."""

import json
from collections.abc import Sequence
from typing import Any, assert_never

import openai
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel

from agent.mind.choice import Method
from agent.mind.port import Said


def messages(method: Method, form: type[BaseModel], instructions: str, turns: Sequence[Said]) -> list[BaseMessage]:
    """The conversation; where words alone ask for the form, its schema ends the instructions."""
    if method == "json":
        schema = json.dumps(_schema(form), separators=(",", ":"))
        instructions += f"\n\nAnswer with one JSON object and nothing else. Its JSON schema: {schema}"
    said = [AIMessage(turn.text) if turn.role == "assistant" else HumanMessage(turn.text) for turn in turns]
    return [SystemMessage(instructions), *said]


def asked_by(method: Method, form: type[BaseModel]) -> dict[str, Any]:
    """What goes with the request."""
    match method:
        case "json_schema":
            schema = {"name": form.__name__, "schema": _schema(form), "strict": True}
            return {"response_format": {"type": "json_schema", "json_schema": schema}}
        case "function_calling":
            tool = openai.pydantic_function_tool(form)
            choice = {"type": "function", "function": {"name": form.__name__}}
            return {"tools": [tool], "tool_choice": choice, "parallel_tool_calls": False}
        case "json":
            return {}
    assert_never(method)


def text_of(answer: AIMessage) -> str:
    """What is to be the form's JSON; a model that was to call a tool may have written the call down instead."""
    if answer.tool_calls:
        return json.dumps(answer.tool_calls[0]["args"])
    if answer.invalid_tool_calls:
        return answer.invalid_tool_calls[0]["args"] or ""
    return str(answer.text)


def _schema(form: type[BaseModel]) -> dict[str, Any]:
    """As OpenAI takes it strictly: every field required, and no other."""
    return dict(openai.pydantic_function_tool(form)["function"]["parameters"])
