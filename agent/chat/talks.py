"""What people say in a chat in words of their own: a conversation for each of them, one message at a time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import structlog
from langgraph.checkpoint.base import BaseCheckpointSaver

from agent.chat.commands import Cancel, Command, FreshOffer, Words, read_command
from agent.chat.obey import obey
from agent.discreet import Discreet
from agent.parts import Parts
from agent.talk.context import Line, Talking
from agent.talk.conversation import Conversation
from agent.talk.typed import is_yes
from tools.errors import SwineherdError
from tools.ports import Packer

SIGN_SECONDS = 3.0
"""Whoever has no answer by then is told that one is thought about."""

MOST_PROPOSED = 3000
"""UTF-16 units of a proposal: it is to be read in one message, and nothing of it may be cut."""

MOST_WORDS = 2000
"""Characters: reading many more by rule would hold up the runs that the same process drives."""

TOO_MANY = f"more than {MOST_WORDS} characters of words are not read here: put them into a job file, and say run FILE"
DEFECT = "that went wrong here; the log of the worker says more"
STILL_ASKED = "this was asked before the worker was started anew: say yes to what you see now"
TOO_LONG = "that is too long to be read in a chat, so it was left: put the job into a file, and say run FILE"

_log = structlog.get_logger()

Saver = BaseCheckpointSaver[str] | None


@dataclass(frozen=True, slots=True)
class Person:
    """Who talks.

    Attributes:
        name: `web:NAME`, `slack:U…` or `telegram:5`, as the channel itself has proven it; names the thread.
        by: the same, as the spend log keeps it beside what they ask for.
    """

    name: str
    by: str


class Told(Protocol):
    """Where the answer to one message goes."""

    def show(self, line: Line) -> None:
        """More of it."""
        ...

    async def thinks(self) -> None:
        """It takes a while."""
        ...

    async def end(self, *, asked: bool) -> bool:
        """That was all of it.

        Args:
            asked: a yes or a no is waited for.

        Returns:
            Whether it was told; a question that was not is taken back.
        """
        ...


def command_in(parts: Parts, text: str) -> Command | None:
    """The command that a message is; None for words, such as "cancel it"."""
    match read_command(text):
        case Words():
            return None
        case Cancel(run_id) | FreshOffer(run_id) if parts.log.run(run_id) is None:
            return None
        case command:
            return command


class Talks:
    """Of one channel. Only whoever may give commands in it may talk: it is the channel that has asked.

    Each person has a thread for each folder: what is proposed in one is never done in another.

    Args:
        folder: the one that `serve` was started in; nothing outside goes to a pod.
        saver: of the store; without one all is forgotten when the process ends.
        discreet: see `Conversation`.
    """

    def __init__(self, parts: Parts, packer: Packer, folder: Path, saver: Saver, discreet: Discreet) -> None:
        self._parts = parts
        self._packer = packer
        self._folder = folder
        self._saver = saver
        self._discreet = discreet
        self._place = sha256(f"{parts.home_id}:{folder.resolve()}".encode()).hexdigest()[:8]
        self._met: set[str] = set()
        self._answering: dict[str, asyncio.Task[None]] = {}

    def begin(self, person: Person, typed: str, told: Told) -> bool:
        """Take up a message, without waiting for anything.

        Returns:
            False while the last one of that person is still answered: then this one is not taken, for a yes that was
            typed before its question could be read is none.
        """
        if person.name in self._answering:
            return False
        self._answering[person.name] = asyncio.create_task(self._answer(person, typed, told))
        return True

    async def close(self) -> None:
        """Break off what is still being answered."""
        answering = [*self._answering.values()]
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)

    async def _answer(self, person: Person, typed: str, told: Told) -> None:
        hearing = asyncio.create_task(self._heard(person, typed, told))
        try:
            await asyncio.wait({hearing}, timeout=SIGN_SECONDS)
            if not hearing.done():
                await told.thinks()
            asked = await hearing
            if not await told.end(asked=asked) and asked:
                await self._conversation(person, lambda _: None).hear("n")
        finally:
            if not hearing.done():
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)
            del self._answering[person.name]

    async def _heard(self, person: Person, typed: str, told: Told) -> bool:
        """Whether a yes or a no is waited for."""
        try:
            command = command_in(self._parts, typed)
            if command is not None:
                heard = await obey(self._parts, self._packer, self._folder, command, person.by)
                told.show(Line("note", heard.words))
                return False
            return await self._talked(person, typed, told)
        except SwineherdError as error:
            told.show(Line("note", str(error)))
        except Exception:  # noqa: BLE001 - the outermost edge of a message: the others are still to be answered
            _log.exception("a defect of ours", person=person.name)
            told.show(Line("note", DEFECT))
        return False

    async def _talked(self, person: Person, typed: str, told: Told) -> bool:
        if len(typed) > MOST_WORDS:
            told.show(Line("note", TOO_MANY))
            return False
        shown: list[Line] = []

        def show(line: Line) -> None:
            shown.append(line)
            told.show(line)

        conversation = self._conversation(person, show)
        if person.name not in self._met:
            self._met.add(person.name)
            if await conversation.open() and is_yes(typed):
                told.show(Line("note", STILL_ASKED))
                return True
            shown.clear()
        asked = await conversation.hear(typed)
        if asked and _units(shown) > MOST_PROPOSED:
            told.show(Line("note", TOO_LONG))
            return await conversation.hear("n")
        return asked

    def _conversation(self, person: Person, show: Callable[[Line], None]) -> Conversation:
        """Nobody is told to drive: a worker is in the same process."""
        talking = Talking(
            parts=self._parts,
            packer=self._packer,
            folder=self._folder,
            by=person.by,
            show=show,
            drive=lambda _: None,
            pays_by_words=False,
        )
        return Conversation(talking, self._saver, self._discreet, f"{person.name}:{self._place}")


def _units(lines: Sequence[Line]) -> int:
    proposed = "\n".join(line.text for line in lines if line.kind == "question")
    return len(proposed.encode("utf-16-le", "replace")) // 2


def joined(lines: Sequence[Line]) -> list[Line]:
    """What follows each other and is of one kind, as one: pieces of a model's words, and lines of ours."""
    parts: list[Line] = []
    for line in lines:
        if parts and parts[-1].kind == line.kind:
            between = "" if line.kind == "model" else "\n"
            parts[-1] = Line(line.kind, f"{parts[-1].text}{between}{line.text}")
        else:
            parts.append(line)
    return parts
