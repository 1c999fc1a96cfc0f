"""What the agent asks of a language model; nothing it answers is believed before it was checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from tools.errors import SwineherdError

if TYPE_CHECKING:
    from pydantic import BaseModel  # `--help` names the parts of a run too, and does without

T = TypeVar("T", bound="BaseModel")


class ModelUnavailable(SwineherdError):
    """No answer: no connection, a refusal, a limit, or it took too long. What needs no model goes on."""


class ModelGarbled(SwineherdError):
    """Answers, but not in the form that was asked for, however often it was told so."""


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of what a model is shown."""

    role: Literal["user", "assistant"]
    text: str


class Mind(Protocol):
    """A language model behind one question: fill this form."""

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
