"""A model's tools in a world, called as an agent calls them."""

import json
from pathlib import Path
from typing import Any

from langchain_core.tools import BaseTool

from agent.mind.toolkit import acting_tools, reading_tools
from tests.agent.world import World
from tools.ssh.snapshot import pack

KEY = "ghk_0123456789abcdef0123"
"""Of the environment that the tools live in."""


class Toolbox:
    """Both groups, and all that they ever answered."""

    def __init__(self, world: World, folder: Path | None = None) -> None:
        self.world = world
        self.folder = folder or world.root / "project"
        self.folder.mkdir(exist_ok=True)
        (self.folder / "train.py").write_text("print('hello')\n")
        world.change(variables={"GPUHOG_API_KEY": KEY, **world.parts.variables})
        self.answers: list[str] = []

    @property
    def tools(self) -> dict[str, BaseTool]:
        """By name; of the parts as they are now."""
        both = [*reading_tools(self.world.parts), *acting_tools(self.world.parts, pack, self.folder)]
        return {tool.name: tool for tool in both}

    async def call(self, name: str, /, **given: Any) -> str:
        """The answer, as a model sees it."""
        message = await self.tools[name].ainvoke({"type": "tool_call", "id": "1", "name": name, "args": given})
        assert isinstance(message.content, str)
        self.answers.append(message.content)
        return message.content

    async def ask(self, name: str, /, **given: Any) -> dict[str, Any]:
        """The answer, which is a document."""
        answer = json.loads(await self.call(name, **given))
        assert isinstance(answer, dict)
        return answer
