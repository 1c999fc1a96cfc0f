"""A channel in memory, and a relay to it."""

from dataclasses import dataclass, field
from typing import ClassVar

from agent.chat.messages import Asking, Over, Said, ToPay
from agent.chat.posted import Posted
from agent.chat.relay import Relay
from tests.agent.world import World


@dataclass
class Wall:
    """A channel on which everything stays as it was put.

    Attributes:
        refusals: what the next replies and changes of replies raise.
    """

    name: ClassVar[str] = "wall"
    asked: list[Asking] = field(default_factory=list)
    links: list[ToPay] = field(default_factory=list)
    closed: list[tuple[str, Over]] = field(default_factory=list)
    told: list[tuple[str, Said]] = field(default_factory=list)
    changed: list[tuple[str, Said]] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)

    async def ask(self, asking: Asking) -> str:
        self.asked.append(asking)
        return f"card-{len(self.asked)}"

    async def offer_link(self, link: ToPay) -> str:
        self.links.append(link)
        return f"link-{len(self.links)}"

    async def close(self, ref: str, over: Over) -> None:
        self.closed.append((ref, over))

    async def tell(self, ref: str, said: Said) -> str:
        self._refuse()
        self.told.append((ref, said))
        return f"reply-{len(self.told)}"

    async def change(self, ref: str, said: Said) -> str:
        self._refuse()
        self.changed.append((ref, said))
        return ref

    def _refuse(self) -> None:
        if self.refusals:
            raise self.refusals.pop(0)


def relay_of(world: World, wall: Wall) -> Relay:
    world.home.chat.mkdir(exist_ok=True)
    return Relay(world.parts, wall, Posted.read(world.home.chat / "wall.json"))
