"""A job that is given as a file or in words, at the command line."""

import asyncio
from pathlib import Path

from agent.cli import output
from agent.cli.terminal import Keyboard, TerminalFace
from agent.mind.intake import read_words, words_of
from agent.mind.written import explained
from agent.parts import Parts
from agent.submit import ReadJob, load_job
from policies.reading.rules import Understood


async def read_job_or_words(parts: Parts, job: str, ignore: frozenset[str], face: TerminalFace) -> ReadJob:
    """Read what `run` and `quote` are given, say how words were understood, and ask what they leave open.

    Raises:
        BadJob: there is no such file; or words leave something open, and there is no terminal to ask at.
        JobFileError: it is not a job.
    """
    words = words_of(job)
    if words is None:
        read = load_job(Path(job), ignore)
        for warning in read.warnings:
            output.aside(f"warning: {warning}")
        return read
    asking = _Asking(face)
    ask = asking if asking.keyboard.is_there else None
    secrets = tuple(value for name, value in parts.variables.items() if _is_secret(name))
    read, without = await read_words(words, mind=parts.mind, store=parts.home.path, secrets=secrets, ask=ask)
    if without:
        face.tell("", f"read by rule: {without}")
    for line in _table(read.understood):
        face.tell("", line)
    return read


def _is_secret(name: str) -> bool:
    return any(part in name.upper() for part in ("KEY", "TOKEN", "SECRET", "PASSWORD"))


def _table(understood: object) -> list[str]:
    if not isinstance(understood, dict):
        return []
    width = max(map(len, understood))
    return [f"{name.ljust(width)}  {value}" for name, value in understood.items()]


class _Asking:
    """Puts a question at the terminal."""

    def __init__(self, face: TerminalFace) -> None:
        self.keyboard = Keyboard()
        self._face = face

    async def __call__(self, understood: Understood, question: str) -> str | None:
        for line in _table(dict(explained(understood))):
            self._face.tell("", line)
        self._face.tell("", question)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.keyboard.ask(answer.set_result)
        return await answer or None
