"""LangChain tools as MCP tools: the same names, descriptions and schemas, and the same answers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import ToolCall, ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from mcp.types import CallToolResult, TextContent, Tool, ToolAnnotations

REFUSED = "refused: "


def listed(tools: Sequence[BaseTool]) -> list[Tool]:
    """As `tools/list` shows them."""
    return [_listed(tool) for tool in tools]


def _listed(tool: BaseTool) -> Tool:
    shown, effect = convert_to_openai_tool(tool)["function"], tool.metadata or {}
    return Tool(
        name=shown["name"],
        description=shown["description"],
        input_schema=shown["parameters"],
        annotations=ToolAnnotations(
            read_only_hint=effect["read_only"],
            destructive_hint=effect["destructive"],
            open_world_hint=effect["open_world"],
        ),
    )


async def answer_of(tool: BaseTool, given: Mapping[str, Any]) -> str:
    """What a tool answers, whatever it was given."""
    called = ToolCall(type="tool_call", id="mcp", name=tool.name, args=dict(given))
    message: ToolMessage = await tool.ainvoke(called)
    return str(message.content)


def result_of(answer: str) -> CallToolResult:
    """The answer as text, and beside it as an object where it is one; a refusal is an error that the model sees."""
    return CallToolResult(
        content=[TextContent(text=answer)],
        structured_content=None if is_refused(answer) else document_of(answer),
        is_error=is_refused(answer),
    )


def is_refused(answer: str) -> bool:
    """Whether a tool says that it did not do it."""
    return answer.startswith(REFUSED)


def document_of(answer: str) -> dict[str, Any] | None:
    """The object that an answer is, or None: what is left open is a question to the human, in words."""
    try:
        document = json.loads(answer)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
