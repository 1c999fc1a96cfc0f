"""The terminal as a face: plain lines, the job's own log, and one keyboard for questions."""

import asyncio
import codecs
import getpass
import os
import sys
import termios
from collections.abc import Callable
from io import StringIO
from typing import TextIO

from agent.cli.output import send_nowhere
from policies.printable import printable


class TerminalFace:
    """Tells a run to one stream; with colours only where that is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._at_line_start = True

    def tell(self, run_id: str, line: str) -> None:
        """A line of the agent's own, set apart from the job's."""
        text = " ".join(printable(line, colours=False).splitlines())
        self._end_line()
        self._write(f"\x1b[2m▸\x1b[0m {text}\n" if self._is_terminal else f"▸ {text}\n")

    def job_output(self, run_id: str, data: bytes) -> None:
        """The job's log as it comes."""
        text = printable(self._decoder.decode(data), colours=self._is_terminal)
        if text:
            self._write(text)
            self._at_line_start = text.endswith("\n")

    def gpu(self, run_id: str, util: int, memory: int) -> None:
        """Utilisation."""
        self.tell(run_id, f"GPU {util} % busy, {memory} % of its memory")

    def _end_line(self) -> None:
        if not self._at_line_start:
            self._write("\n")
            self._at_line_start = True

    def _write(self, text: str) -> None:
        """Print; a reader that is gone (a closed pipe, a terminal hung up) must not end the run under its pod."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            send_nowhere(self._stream)


def who() -> str:
    """The user's name, or the number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


class Keyboard:
    """Lines typed at the terminal, given to whoever asked last; without a terminal nobody ever answers."""

    def __init__(self) -> None:
        self._stream: TextIO = sys.stdin or StringIO()  # there is none when a program was started with it closed
        self._listener: Callable[[str], None] | None = None

    @property
    def is_there(self) -> bool:
        """Whether a human can be asked here."""
        return self._stream.isatty()

    def ask(self, listener: Callable[[str], None]) -> None:
        """Give the next line to `listener` instead of whoever waited."""
        if self._listener is None and self.is_there:
            termios.tcflush(self._stream.fileno(), termios.TCIFLUSH)  # what was typed before is no answer to this
            asyncio.get_running_loop().add_reader(self._stream.fileno(), self._read)
        self._listener = listener

    def close(self) -> None:
        """Stop listening."""
        if self._listener is not None and self.is_there:
            asyncio.get_running_loop().remove_reader(self._stream.fileno())
        self._listener = None

    def _read(self) -> None:
        text = self._stream.readline()
        listener = self._listener
        self.close()
        if listener is not None and text:
            listener(text.strip())
