"""A mind that says what it was told to say: for tests, of this package and of programs that use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from agent.mind.port import Said

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Shown:
    """One question, as it was asked."""

    form: type[BaseModel]
    instructions: str
    turns: tuple[Said, ...]


class ScriptedMind:
    """`agent.mind.port.Mind` from a queue of answers.

    Args:
        answers: each a form that is filled in, or an error that is raised.

    Attributes:
        shown: what was asked, in order.
    """

    name = "scripted"

    def __init__(self, *answers: BaseModel | Exception) -> None:
        self._answers = list(answers)
        self.shown: list[Shown] = []

    @property
    def left(self) -> int:
        """Answers that nobody has asked for yet."""
        return len(self._answers)

    async def fill(self, form: type[T], instructions: str, turns: Sequence[Said]) -> T:
        """The next answer.

        Raises:
            AssertionError: asked more often than there are answers, or for another form than the next one is.
        """
        self.shown.append(Shown(form, instructions, tuple(turns)))
        if not self._answers:
            raise AssertionError(f"asked for {form.__name__}: no answer to question {len(self.shown)} is scripted")
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, form):
            raise AssertionError(f"asked for {form.__name__}: {type(answer).__name__} is scripted")  # noqa: TRY004
        return answer
