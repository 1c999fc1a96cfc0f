"""What the agent asks of a language model; nothing it answers is believed before it was checked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from tools.errors import SwineherdError

if TYPE_CHECKING:
    from pydantic import BaseModel  # `--help` names the parts of a run too, and does without

T = TypeVar("T", bound="BaseModel")


class ModelUnavailable(SwineherdError):
    """No answer: no connection, a refusal, a limit, or it took too long. What needs no model goes on."""


class TooLong(ModelUnavailable):
    """It is asked more than it can hold; less may do."""


class ModelGarbled(SwineherdError):
    """Answers, but not in the form that was asked for, however often it was told so."""


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of what a model is shown."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """A tool that a model calls, with what it fills in; nothing of it is checked."""

    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a tool answered."""

    name: str
    text: str


Turn = Said | Called | Answered


@dataclass(frozen=True, slots=True)
class Offered:
    """A tool that a model may call. `schema`: the JSON schema of its arguments."""

    name: str
    description: str
    schema: Mapping[str, object]


class Mind(Protocol):
    """A language model: it fills in a form, or says the next thing in a conversation."""

    @property
    def name(self) -> str:
        """Of the model, as a human may read it."""
        ...

    async def fill(self, form: type[T], instructions: str, turns: Sequence[Said]) -> T:
        """The model's answer as an instance of `form`, parsed strictly.

        Args:
            instructions: the system prompt; ours alone.
            turns: examples and the question; text from outside is in them and nowhere else.

        Raises:
            ModelUnavailable: no answer in time.
            ModelGarbled: no answer that is a `form`, within the tries that are bounded.
        """
        ...

    async def talk(
        self, instructions: str, turns: Sequence[Turn], tools: Sequence[Offered], hear: Callable[[str], None]
    ) -> Said | Called:
        """The model's next turn.

        Args:
            instructions: the system prompt; ours alone.
            turns: the conversation; every `Called` is followed by its `Answered`.
            hear: given the words of `Said` as they come; together they are its text.

        Raises:
            TooLong: the conversation is longer than the model can hold.
            ModelUnavailable: no answer in time.
        """
        ...
