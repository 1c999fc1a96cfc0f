"""What a conversation works with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.parts import Parts
from tools.ports import Packer

Kind = Literal["model", "figures", "note", "question"]


@dataclass(frozen=True, slots=True)
class Line:
    """Something for the human.

    Attributes:
        kind: `model`: a piece of what a model says, as it comes; the others are whole lines of ours: `figures` from a
            tool, a `note`, or a `question`.
    """

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Talking:
    """Passed to every node as the conversation's context.

    Attributes:
        folder: where the files of jobs are; nothing outside goes to a pod.
        by: the human, as the spend log names who asked.
        show: tells the human.
        drive: told of a run that was submitted or changed; somebody has to take it up.
        pays_by_words: whether `approve CODE` and `deny RUN`, typed here, answer for money; else only presses do.
    """

    parts: Parts
    packer: Packer
    folder: Path
    by: str
    show: Callable[[Line], None]
    drive: Callable[[str], None]
    pays_by_words: bool

    def note(self, text: str) -> None:
        """A line of ours."""
        self.show(Line("note", text))
