"""What somebody writes to us in a messenger, and where the answer to it goes."""

import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from agent.chat.messages import ChannelDown, NotTaken
from agent.chat.talks import Person, Talks, joined
from agent.parts import Parts
from agent.talk.context import Line
from tools.ports import Clock
from tools.spend_log.home import make_folder

LATEST = timedelta(minutes=10)
"""What was written longer ago while nobody listened is not done any more: its writer may have done it elsewhere."""

TRIES = 3
AGAIN_SECONDS = 5.0

THINKS = "this is thought about; the answer follows"
BUSY = "your last message is still being answered: say this again once it is"
TOO_LATE = "that was written while nobody listened, and was not read: say it again"

_log = structlog.get_logger()

Say = Callable[[Sequence[Line]], Awaitable[None]]
"""Sends lines as a reply. Raises `ChannelDown` and `NotTaken`."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to us from somebody who may give commands.

    Attributes:
        key: no other message of the channel has it; a file's name.
    """

    person: Person
    text: str
    at: datetime
    key: str


class Inbox:
    """Takes each message once, whichever process of the home gets it, however often."""

    def __init__(self, parts: Parts, talks: Talks, channel: str) -> None:
        self._parts = parts
        self._talks = talks
        self._channel = channel
        self._taken = parts.home.chat / "taken"

    async def take(self, letter: Letter, say: Say) -> None:
        """Begin with the answer; what the letter asks for is not waited for."""
        make_folder(self._taken)
        if not first_time(self._taken, f"{self._channel}-{letter.key}", self._parts.clock.now()):
            return
        reply = _Reply(say, self._channel, self._parts.clock)
        if self._parts.clock.now() - letter.at > LATEST:
            await reply.sent([Line("note", TOO_LATE)], tries=1)
        elif not self._talks.begin(letter.person, letter.text, reply):
            await reply.sent([Line("note", BUSY)], tries=1)


class _Reply:
    """`agent.chat.talks.Told`: the whole answer at once."""

    def __init__(self, say: Say, channel: str, clock: Clock) -> None:
        self._say = say
        self._channel = channel
        self._clock = clock
        self._lines: list[Line] = []

    def show(self, line: Line) -> None:
        self._lines.append(line)

    async def thinks(self) -> None:
        await self.sent([Line("note", THINKS)])

    async def end(self, *, asked: bool) -> bool:
        how = [Line("note", "say y to do it; whatever else you say leaves it")] if asked else []
        return await self.sent(joined([*self._lines, *how]))

    async def sent(self, lines: Sequence[Line], tries: int = TRIES) -> bool:
        """Whether they were; a channel that is down for a moment is tried again."""
        try:
            await self._say(lines)
        except ChannelDown as down:
            if tries == 1:
                return self._lost(down)
            await self._clock.sleep(down.retry_after or AGAIN_SECONDS)
            return await self.sent(lines, tries - 1)
        except NotTaken as error:
            return self._lost(error)
        except Exception:  # noqa: BLE001 - the outermost edge of an answer: its channel may have ended meanwhile
            _log.exception("a defect of ours", channel=self._channel)
            return False
        return True

    def _lost(self, error: ChannelDown | NotTaken) -> bool:
        _log.warning("an answer was not told", channel=self._channel, why=str(error))
        return False


def first_time(folder: Path, key: str, now: datetime) -> bool:
    """Whether nobody has asked this with the same key before; keys are forgotten when nothing so old is taken."""
    for old in folder.iterdir():
        with suppress(FileNotFoundError):  # another process forgets them too
            if now.timestamp() - old.stat().st_mtime > 2 * LATEST.total_seconds():
                old.unlink()
    try:
        os.close(os.open(folder / key, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    os.utime(folder / key, (now.timestamp(), now.timestamp()))
    return True
