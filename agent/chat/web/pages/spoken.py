"""What was said with one person lately, as their pages show it. The thread itself is in the checkpoints."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from agent.chat.talks import joined
from agent.chat.web.words import seen
from agent.talk.context import Kind, Line

MOST_KEPT = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """One paragraph. `kind`: `human` for what they typed."""

    kind: Kind | Literal["human"]
    text: str


class Spoken:
    """`agent.chat.talks.Told`: shown as it comes.

    Attributes:
        busy: an answer is under way.
        asked: names the proposal that waits for a yes or a no; "" for none.
        version: another one whenever anything has changed.
    """

    def __init__(self) -> None:
        self._said: deque[Entry] = deque(maxlen=MOST_KEPT)
        self._lines: list[Line] = []
        self.busy = False
        self.asked = ""
        self.version = 0

    @property
    def entries(self) -> list[Entry]:
        """Oldest first."""
        return [*self._said, *(Entry(line.kind, line.text) for line in joined(self._lines))]

    def human(self, text: str) -> None:
        """Somebody has typed something, and is to be answered."""
        self._said.append(Entry("human", text))
        self.busy = True
        self.version += 1

    def show(self, line: Line) -> None:
        """More of the answer."""
        self._lines.append(line)
        self.version += 1

    async def thinks(self) -> None:
        """The page says so from the beginning."""

    async def end(self, *, asked: bool) -> bool:
        """The answer is complete; it is on the page whenever that is looked at."""
        answer = self.entries[len(self._said) :]
        self._said += answer
        self._lines = []
        proposed = [entry.text for entry in answer if entry.kind == "question"]
        if proposed or not asked:
            self.asked = seen(proposed[-1]) if asked else ""
        self.busy = False
        self.version += 1
        return True
