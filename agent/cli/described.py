"""A job that is given as a file or in words, at the command line."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from agent.cli import output
from agent.cli.terminal import Keyboard, TerminalFace
from agent.mind.intake import reader_of, words_of
from agent.mind.written import explained
from agent.parts import Parts
from agent.submit import ReadJob, load_job
from policies.reading.understood import Understood


async def read_job_or_words(parts: Parts, job: str, ignore: frozenset[str], face: TerminalFace) -> ReadJob:
    """Read what `run` and `quote` are given, say how words were understood, and ask what they leave open.

    Raises:
        BadJob: there is no such file; or words leave something open, and there is no terminal to ask at.
        JobFileError: it is not a job.
    """
    asking = _Asking(face)
    ask = asking if asking.keyboard.is_there else None
    reader = reader_of(parts, ask, lambda line: face.tell("", line))
    words = words_of(job)
    if words is None:
        read, without = await reader.file(load_job(Path(job), ignore, described=True))
    else:
        read, without = await reader.words(words)
    for warning in read.warnings:
        output.aside(f"warning: {warning}")
    if without and words is not None:
        face.tell("", f"read by rule: {without}")
    return read


def table_of(understood: Mapping[str, str]) -> list[str]:
    """A line for each field, in two columns; `understood`: field → its value and where it is from."""
    width = max(map(len, understood), default=0)
    return [f"{name.ljust(width)}  {value}" for name, value in understood.items()]


class _Asking:
    """Puts a question at the terminal."""

    def __init__(self, face: TerminalFace) -> None:
        self.keyboard = Keyboard()
        self._face = face

    async def __call__(self, understood: Understood, question: str) -> str | None:
        for line in table_of(explained(understood)):
            self._face.tell("", line)
        self._face.tell("", question)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.keyboard.ask(answer.set_result)
        return await answer or None
