"""Talks in a world, as a worker has them, and those who take part."""

import asyncio
from collections.abc import Callable, Sequence

from agent.chat.talks import Person, Talks, joined
from agent.discreet import Discreet
from agent.mind.port import Called, Offered, Said, Turn
from agent.talk.context import Kind, Line
from tests.agent.talk.conftest import Talks as OnlyTalks
from tests.agent.world import World
from tools.ssh.snapshot import pack

ANN = Person("web:ann", "web:ann from 127.0.0.1")
BOB = Person("web:bob", "web:bob from 127.0.0.1")


class Watched(Talks):
    """Of whom it is seen when they are answered."""

    def answers(self, name: str) -> bool:
        """Whether a message of somebody is still being answered: its reply may be there already."""
        return name in self._answering


def talks_of(world: World, name: str = "project") -> Watched:
    """With everybody, about a folder of the world; of the present process."""
    folder = world.root / name
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text("print('hello')\n", encoding="utf-8")
    return Watched(world.parts, pack, folder, world.saver, Discreet())


class Sheet:
    """`agent.chat.talks.Told`: the answer to one message, on paper.

    Args:
        arrives: whether it gets to whoever asked.
    """

    def __init__(self, *, arrives: bool = True) -> None:
        self.lines: list[Line] = []
        self.thought = False
        self.asked = False
        self.over = asyncio.Event()
        self._arrives = arrives

    def show(self, line: Line) -> None:
        self.lines.append(line)

    async def thinks(self) -> None:
        self.thought = True

    async def end(self, *, asked: bool) -> bool:
        self.asked = asked
        self.over.set()
        return self._arrives

    def of(self, kind: Kind) -> str:
        """All of one kind."""
        return "\n".join(line.text for line in joined(self.lines) if line.kind == kind)


async def said(talks: Talks, text: str, person: Person = ANN) -> Sheet:
    """One message, answered."""
    sheet = Sheet()
    assert talks.begin(person, text, sheet)
    async with asyncio.timeout(30):
        await sheet.over.wait()
    return sheet


class Slow(OnlyTalks):
    """Says nothing until it may."""

    def __init__(self, *answers: Said | Called | Exception) -> None:
        super().__init__(*answers)
        self.asked = asyncio.Event()
        self.may = asyncio.Event()

    async def talk(
        self, instructions: str, turns: Sequence[Turn], tools: Sequence[Offered], hear: Callable[[str], None]
    ) -> Said | Called:
        """Its next answer, then."""
        self.asked.set()
        await self.may.wait()
        return await super().talk(instructions, turns, tools, hear)
