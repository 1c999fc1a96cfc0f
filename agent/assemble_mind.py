"""The model that the environment names, if it names one; its client is built once somebody asks it something."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from agent.mind.choice import Method, ModelChoice, chosen
from agent.mind.port import Called, Offered, Said, Turn
from agent.settings import Settings
from tools.ports import Clock

if TYPE_CHECKING:
    from agent.mind.model import OpenAiMind

T = TypeVar("T", bound=BaseModel)


class LateMind:
    """`agent.mind.port.Mind`; the client, 1.5 s to import, is there from the first question."""

    def __init__(self, choice: ModelChoice, clock: Clock) -> None:
        self._choice = choice
        self._clock = clock
        self._mind: OpenAiMind | None = None

    @property
    def name(self) -> str:
        """Of the model."""
        return self._mind.name if self._mind else self._choice.name

    @property
    def method(self) -> Method:
        """How it is asked for a form, as far as is known."""
        return self._mind.method if self._mind else self._choice.method

    async def fill(self, form: type[T], instructions: str, turns: Sequence[Said]) -> T:
        """The model's answer. Raises `ModelUnavailable` and `ModelGarbled`."""
        return await self._there().fill(form, instructions, turns)

    async def talk(
        self, instructions: str, turns: Sequence[Turn], tools: Sequence[Offered], hear: Callable[[str], None]
    ) -> Said | Called:
        """The model's next turn. Raises `ModelUnavailable`."""
        return await self._there().talk(instructions, turns, tools, hear)

    def _there(self) -> "OpenAiMind":
        if self._mind is None:
            from agent.mind.model import OpenAiMind  # noqa: PLC0415

            self._mind = OpenAiMind(self._choice, self._clock)
        return self._mind

    async def aclose(self) -> None:
        """Let go of the connections, if there are any."""
        if self._mind is not None:
            await self._mind.aclose()


def mind_of(settings: Settings, clock: Clock) -> LateMind | None:
    """None where the environment names no model. Raises `BadSettings`."""
    choice = chosen(settings)
    return LateMind(choice, clock) if choice else None
