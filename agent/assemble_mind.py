"""The model that the environment names, if it names one; its client is built once somebody asks it something."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, SecretStr

from agent.mind.choice import Method, ModelChoice, chosen
from agent.mind.port import Called, Offered, Said, Turn
from agent.mind.tokens import secrets_of
from agent.settings import Settings
from tools.ports import Clock
from tools.tracing.port import UNTOLD, Tracer

if TYPE_CHECKING:
    from agent.mind.model import OpenAiMind

T = TypeVar("T", bound=BaseModel)


class LateMind:
    """`agent.mind.port.Mind`; the client, 1.5 s to import, is there from the first question."""

    def __init__(self, choice: ModelChoice, clock: Clock, tracer: Tracer, secrets: Sequence[str]) -> None:
        self._choice = choice
        self._clock = clock
        self._tracer = tracer
        self._secrets = secrets
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
            from agent.discreet import Discreet  # noqa: PLC0415
            from agent.mind.model import OpenAiMind  # noqa: PLC0415

            discreet = Discreet(self._secrets)
            self._mind = OpenAiMind(self._choice, self._clock, tracer=self._tracer, discreet=discreet)
        return self._mind

    async def aclose(self) -> None:
        """Let go of the connections, if there are any."""
        if self._mind is not None:
            await self._mind.aclose()


def mind_of(
    settings: Settings, clock: Clock, tracer: Tracer = UNTOLD, environment: Mapping[str, str] | None = None
) -> LateMind | None:
    """None where the environment names no model. Raises `BadSettings`.

    Args:
        environment: where secrets of others than ours are, none of which LangSmith is told.
    """
    choice = chosen(settings)
    return LateMind(choice, clock, tracer, private(settings, environment or {})) if choice else None


def private(settings: Settings, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Every secret that we know of before any job is read."""
    ours = [value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)]
    return (*ours, *secrets_of(environment))
