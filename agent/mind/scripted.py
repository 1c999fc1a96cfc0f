"""A mind that says what it was told to say: for tests, of this package and of programs that use it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from agent.mind.port import Called, Offered, Said, Turn

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Shown:
    """One question, as it was asked. `form`: None for a turn of a conversation."""

    form: type[BaseModel] | None
    instructions: str
    turns: tuple[Turn, ...]


class ScriptedMind:
    """`agent.mind.port.Mind` from a queue of answers.

    Args:
        answers: each a form that is filled in, a turn of a conversation, or an error that is raised.

    Attributes:
        shown: what was asked, in order.
    """

    name = "scripted"

    def __init__(self, *answers: BaseModel | Said | Called | Exception) -> None:
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
        answer = self._next(Shown(form, instructions, tuple(turns)), form.__name__)
        if not isinstance(answer, form):
            raise AssertionError(f"asked for {form.__name__}: {type(answer).__name__} is scripted")  # noqa: TRY004
        return answer

    async def talk(
        self, instructions: str, turns: Sequence[Turn], tools: Sequence[Offered], hear: Callable[[str], None]
    ) -> Said | Called:
        """The next answer; words are heard one by one.

        Raises:
            AssertionError: asked more often than there are answers, or the next one is a form.
        """
        answer = self._next(Shown(None, instructions, tuple(turns)), "a turn")
        if isinstance(answer, BaseModel):
            raise AssertionError(f"asked for a turn: {type(answer).__name__} is scripted")  # noqa: TRY004
        if isinstance(answer, Said):
            for piece in re.findall(r"\S+\s*|\s+", answer.text):
                hear(piece)
        return answer

    def _next(self, shown: Shown, wanted: str) -> BaseModel | Said | Called:
        self.shown.append(shown)
        if not self._answers:
            raise AssertionError(f"asked for {wanted}: no answer to question {len(self.shown)} is scripted")
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer
