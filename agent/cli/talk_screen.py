"""The screen of a conversation: a line that is typed, and lines that come in above it."""

import shutil
import sys
import termios
import unicodedata
from collections.abc import Callable
from io import TextIOWrapper
from typing import TYPE_CHECKING, Protocol, TextIO

from agent.cli.output import send_nowhere
from agent.talk.context import Line
from agent.threads import on_a_thread
from policies.printable import printable

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

GUTTER = "│ "
"""Begins every line of a model's words, so that none can be taken for a line of ours."""

MARKS = {"note": "▸ ", "figures": "  ", "question": "? "}


class Screen:
    """Writes to one stream; a reader that is gone must not end a run."""

    def __init__(self, stream: Callable[[], TextIO]) -> None:
        self._stream = stream
        self._column = 0

    def show(self, line: Line) -> None:
        """A line of ours, or more of a model's words."""
        if line.kind == "model":
            self._words(line.text)
            return
        self._end_line()
        self._write(f"{MARKS[line.kind]}{_plain(line.text)}\n")

    def note(self, text: str) -> None:
        """A line of ours."""
        self.show(Line("note", text))

    def _words(self, text: str) -> None:
        """Broken at the edge: a terminal would go on in the first column below, where only lines of ours begin."""
        edge, shown = self._edge(), ""
        for char in text.expandtabs(4):
            wide = 2 if unicodedata.east_asian_width(char) in "WF" else 1
            if char != "\n" and edge and self._column + wide > edge:
                shown, self._column = f"{shown}\n", 0
            if self._column == 0:
                shown, self._column = f"{shown}{GUTTER}", len(GUTTER)
            shown += char
            self._column = 0 if char == "\n" else self._column + wide
        self._write(shown)

    def _edge(self) -> int | None:
        """Columns; None where no terminal shows it."""
        return shutil.get_terminal_size().columns if self._stream().isatty() else None

    def _end_line(self) -> None:
        if self._column:
            self._write("\n")
            self._column = 0

    def end(self) -> None:
        """A model has said what it had to say."""
        self._end_line()

    def _write(self, text: str) -> None:
        stream = self._stream()
        try:
            stream.write(text)
            stream.flush()
        except OSError:
            send_nowhere(stream)


class ScreenFace:
    """The runs that are driven here, as far as they tell of themselves; their logs are shown when asked for."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def tell(self, run_id: str, line: str) -> None:
        """A line, with the run that it is about."""
        about = f"{run_id}: " if run_id and run_id not in line else ""
        self._screen.note(f"{about}{line}")

    def job_output(self, run_id: str, data: bytes) -> None:
        """Nothing: `logs RUN` shows it."""

    def gpu(self, run_id: str, util: int, memory: int) -> None:
        """Nothing: `how is RUN` says it."""


class Typist(Protocol):
    """Who types."""

    async def line(self, prompt: str) -> str | None:
        """The next line; None once there is no more."""
        ...


class AtTerminal:
    """A line editor; what is typed is kept in no file, since codes are."""

    def __init__(self) -> None:
        self._session: PromptSession[str] | None = None

    async def line(self, prompt: str) -> str | None:
        """The next line. Raises `KeyboardInterrupt` for Ctrl-C."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import InMemoryHistory
        from prompt_toolkit.patch_stdout import patch_stdout

        self._session = self._session or PromptSession(history=InMemoryHistory())
        if prompt == ASKS:
            _forget_what_was_typed(self._session)
        try:
            with patch_stdout(raw=True):
                # Signals are the session's: what the editor had set for them would be gone after each line.
                return await self._session.prompt_async(prompt, handle_sigint=False)
        except EOFError:
            return None


def _forget_what_was_typed(session: "PromptSession[str]") -> None:
    """Before a question was on the screen: it is no answer to it."""
    from prompt_toolkit.input.typeahead import clear_typeahead

    clear_typeahead(session.input)
    termios.tcflush(session.input.fileno(), termios.TCIFLUSH)


class FromPipe:
    """Lines of a file or of another program."""

    def __init__(self) -> None:
        """What is no UTF-8 there is shown as such, and ends nothing."""
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")

    async def line(self, prompt: str) -> str | None:
        """The next line."""
        text = await on_a_thread(sys.stdin.readline)
        return text.rstrip("\n") if text else None


class Told:
    """One line that was given with the command; then whoever else types, as long as something is asked."""

    def __init__(self, words: str, then: Typist) -> None:
        self._words: str | None = words
        self._then = then

    async def line(self, prompt: str) -> str | None:
        """The line, and after it the answers to what is asked."""
        if self._words is not None:
            words, self._words = self._words, None
            return words
        return await self._then.line(prompt) if prompt == ASKS else None


SAYS = "» "
ASKS = "do it? [y/N] "


def _plain(text: str) -> str:
    return " ".join(printable(text, colours=False).splitlines())
