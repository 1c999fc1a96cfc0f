"""A client of the MCP server in a world, by the SDK, that keeps all it ever heard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel

from agent.mcp.server import server_of
from tests.agent.mind.toolbox import Toolbox

T = TypeVar("T", bound=BaseModel)


class Connected:
    """What a client asks, and all that came over the wire."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.heard: list[str] = []

    async def call(self, name: str, /, **given: Any) -> CallToolResult:
        """Call a tool."""
        return self._hear(await self.client.call_tool(name, given))

    async def text(self, name: str, /, **given: Any) -> str:
        """What a tool answers, as text."""
        (content,) = (await self.call(name, **given)).content
        assert isinstance(content, TextContent)
        return content.text

    async def read(self, uri: str) -> str:
        """A resource, or the error in its place."""
        try:
            (content,) = self._hear(await self.client.read_resource(uri)).contents
        except MCPError as error:
            self.heard.append(error.error.model_dump_json())
            return f"{error.code} {error.message}"
        assert content.uri == uri
        return str(content.model_dump()["text"])

    async def lists(self) -> None:
        """Whatever the server lists."""
        self._hear(await self.client.list_tools())
        self._hear(await self.client.list_resources())
        self._hear(await self.client.list_resource_templates())

    def _hear(self, answer: T) -> T:
        self.heard.append(answer.model_dump_json())
        return answer


@asynccontextmanager
async def connected(box: Toolbox, mode: str = "auto") -> AsyncIterator[Connected]:
    """A client of the tools as they are now.

    Args:
        mode: "legacy" shakes hands as clients do up to the protocol of 2025-11-25.
    """
    async with Client(server_of([*box.tools.values()]), mode=mode, raise_exceptions=True) as client:
        yield Connected(client)
