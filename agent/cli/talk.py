"""chat: a conversation in this terminal. It drives the runs that are submitted in it."""

import asyncio
import shutil
import signal
import sys
from pathlib import Path

from agent.assemble import open_herd
from agent.cli import output
from agent.cli.foreground import let_go
from agent.cli.leftovers import name_leftovers
from agent.cli.places import settings_or_fail
from agent.cli.talk_runs import Herding
from agent.cli.talk_screen import ASKS, SAYS, AtTerminal, FromPipe, Screen, ScreenFace, Told, Typist
from agent.cli.terminal import who
from agent.errors import BadSettings
from agent.herd import Herd
from agent.talk.context import Talking
from agent.talk.conversation import Conversation

MOST_NAMED = 5

LEAVING = frozenset({"quit", "exit", "bye"})
PATIENCE = 4.0
"""Seconds without a word from us until one is due."""
HELP = (
    "say what you want to know or to run; approve CODE · deny RUN · run FILE.yaml · cancel RUN · offer RUN · "
    "resume RUN · freeze · quit (Ctrl-D)"
)


def chat(words: str | None, *, sandbox: bool, folder: Path, thread: str, new: bool) -> None:
    """Talk until the human leaves; ends with the worst exit code of the runs that were driven, where nobody types."""
    with output.clear_errors():
        sys.exit(asyncio.run(_chat(words, sandbox=sandbox, folder=folder, thread=thread, new=new)))


async def _chat(words: str | None, *, sandbox: bool, folder: Path, thread: str, new: bool) -> int:
    if sys.stdin is None or sys.stdout is None:
        raise BadSettings("chat reads stdin and writes stdout, and one of them is closed")
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not thread.isprintable():
        raise BadSettings(f"--thread: {thread!r} is no name")
    screen = Screen(lambda: sys.stdout, lambda: shutil.get_terminal_size().columns if at_terminal else None)
    face = ScreenFace(screen)
    typist: Typist = AtTerminal() if at_terminal else FromPipe()
    async with open_herd(settings_or_fail(), sandbox=sandbox, face=face) as herd:
        await name_leftovers(herd, face)
        herding = Herding(herd, screen.note, at_terminal=at_terminal)
        talking = _talking(herd, herding, screen, folder)
        mine = f"{herd.parts.home_id}:{thread}"  # where several share a store, each has their own
        conversation = Conversation(talking, herd.saver, herd.driver.discreet, mine)
        if new:
            await conversation.forget()
        if words is None:
            screen.note(f"{_who_answers(herd)}; {HELP}")
            for run_id in herding.undriven()[:MOST_NAMED]:
                screen.note(f"nobody drives {run_id}: `resume {run_id}` goes on with it here")
        typing = Told(words, typist) if words is not None else typist
        stays = at_terminal and words is None
        return await Session(conversation, herding, screen, typing, stays=stays).run()


def _who_answers(herd: Herd) -> str:
    mind = herd.parts.mind
    return f"{mind.name} answers" if mind else "no model is configured: plain words are read by rule"


def _talking(herd: Herd, herding: Herding, screen: Screen, folder: Path) -> Talking:
    me = f"terminal:{who()}"
    return Talking(herd.parts, herd.packer, folder, me, screen.show, herding.drive, pays_by_words=True)


class Session:
    """From the first line to the last, and what becomes of the runs then.

    Args:
        stays: a human is there who is asked before runs are left; else the end of the input waits for them.
    """

    def __init__(
        self, conversation: Conversation, herding: Herding, screen: Screen, typist: Typist, *, stays: bool
    ) -> None:
        self._conversation = conversation
        self._herding = herding
        self._screen = screen
        self._typist = typist
        self._stays = stays
        self._stopped_by = ""
        self._hearing: asyncio.Task[bool] | None = None

    async def run(self) -> int:
        """Returns the exit code."""
        loop = asyncio.get_running_loop()
        watching = asyncio.create_task(self._herding.watch())
        talking = asyncio.create_task(self._talk())
        loop.add_signal_handler(signal.SIGTERM, self._stop, talking, "SIGTERM")
        loop.add_signal_handler(signal.SIGINT, self._interrupted, talking)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)  # a closed terminal leaves no pod without its agent
        try:
            await asyncio.wait({talking})
            if self._stopped_by:
                self._herding.cancel(self._stopped_by)
                await self._herding.idle()
                return output.CANCELLED
            await talking
            return 0 if self._stays else self._herding.code
        finally:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(number)
            await self._herding.leave()
            await let_go(watching)

    def _stop(self, talking: asyncio.Task[None], name: str) -> None:
        self._stopped_by = name
        talking.cancel()

    def _interrupted(self, talking: asyncio.Task[None]) -> None:
        """Where a human stays, Ctrl-C stops an answer: neither the conversation nor what ends a pod."""
        if not self._stays:
            self._stop(talking, "SIGINT")
        elif self._hearing is not None:
            self._hearing.cancel()
        else:
            self._screen.note(f"still driven here: {', '.join(self._herding.busy) or 'nothing'}")

    def _hang_up(self) -> None:
        self._stays = False

    async def _talk(self) -> None:
        """A conversation that breaks leaves no pod behind: what is driven here goes on until it needs a human."""
        try:
            await self._converse()
        except Exception:
            if self._herding.busy:
                self._screen.note(f"the conversation broke off; {', '.join(self._herding.busy)} goes on here")
            await self._herding.until_asked()
            raise

    async def _converse(self) -> None:
        asked = await self._conversation.open()
        while True:
            line = await self._line(ASKS if asked else SAYS)
            if line is not None and line.strip().lower() not in LEAVING:
                asked = await self._heard(line)
            elif not self._stays:
                await self._herding.until_asked()
                return await self._herding.leave()
            elif not self._herding.busy or await self._chosen_to_leave():
                return None

    async def _line(self, prompt: str) -> str | None:
        while True:
            try:
                return await self._typist.line(prompt)
            except KeyboardInterrupt:
                self._screen.note("`quit` or Ctrl-D leaves")

    async def _heard(self, line: str) -> bool:
        """Whether a yes or a no is waited for."""
        written = self._screen.written
        self._hearing = hearing = asyncio.create_task(self._conversation.hear(line))
        try:
            await asyncio.wait({hearing}, timeout=PATIENCE if self._stays else None)
            if not hearing.done() and self._screen.written == written:
                self._screen.note("no answer yet; Ctrl-C stops it")
            await asyncio.wait({hearing})
        finally:
            self._hearing = None
            if not hearing.done():
                await let_go(hearing)
            self._screen.end()
        return await self._conversation.open() if hearing.cancelled() else await hearing

    async def _chosen_to_leave(self) -> bool:
        """What becomes of the runs that are driven here."""
        self._screen.note(f"still driven here: {', '.join(self._herding.busy)}")
        self._screen.note("[Enter] stay · [c] cancel and collect · [l] leave them for a later `swineherd resume`")
        typed = await self._line("stay, c or l? ")
        if typed is None and not self._stays:
            return False  # the terminal was closed: nobody has chosen to leave them
        match "l" if typed is None else typed.strip().lower()[:1]:
            case "c":
                self._herding.cancel("the terminal")
                await self._herding.idle()
                return True
            case "l":
                return True
            case _:
                return False
