"""chat: a conversation in this terminal. It drives the runs that are submitted in it."""

import asyncio
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
from agent.herd import Herd
from agent.talk.context import Talking
from agent.talk.conversation import Conversation

LEAVING = frozenset({"quit", "exit", "bye"})
HELP = (
    "say what you want to know or to run; approve CODE · deny RUN · run FILE.yaml · cancel RUN · offer RUN · freeze · "
    "quit (Ctrl-D)"
)


def chat(words: str | None, *, sandbox: bool, folder: Path, thread: str, new: bool) -> None:
    """Talk until the human leaves; ends with the worst exit code of the runs that were driven, where nobody types."""
    with output.clear_errors():
        sys.exit(asyncio.run(_chat(words, sandbox=sandbox, folder=folder, thread=thread, new=new)))


async def _chat(words: str | None, *, sandbox: bool, folder: Path, thread: str, new: bool) -> int:
    screen = Screen(lambda: sys.stdout)
    face = ScreenFace(screen)
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    typist: Typist = AtTerminal() if at_terminal else FromPipe()
    async with open_herd(settings_or_fail(), sandbox=sandbox, face=face) as herd:
        await name_leftovers(herd, face)
        herding = Herding(herd, screen.note)
        talking = _talking(herd, herding, screen, folder)
        conversation = Conversation(talking, herd.saver, herd.driver.discreet, thread)
        if new:
            await conversation.forget()
        if words is None:
            screen.note(f"{_who_answers(herd)}; {HELP}")
        typing = Told(words, typist) if words is not None else typist
        stays = at_terminal and words is None
        return await _Session(conversation, herding, screen, typing, stays=stays).run()


def _who_answers(herd: Herd) -> str:
    mind = herd.parts.mind
    return f"{mind.name} answers" if mind else "no model is configured: plain words are read by rule"


def _talking(herd: Herd, herding: Herding, screen: Screen, folder: Path) -> Talking:
    me = f"terminal:{who()}"
    return Talking(herd.parts, herd.packer, folder, me, screen.show, herding.drive, pays_by_words=True)


class _Session:
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

    async def run(self) -> int:
        """Returns the exit code."""
        loop = asyncio.get_running_loop()
        watching = asyncio.create_task(self._herding.watch())
        talking = asyncio.create_task(self._talk())
        stops = (signal.SIGTERM,) if self._stays else (signal.SIGTERM, signal.SIGINT)
        for number in stops:
            loop.add_signal_handler(number, self._stop, talking, number.name)
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
            for number in (*stops, signal.SIGHUP):
                loop.remove_signal_handler(number)
            await self._herding.leave()
            await let_go(watching)

    def _stop(self, talking: asyncio.Task[None], name: str) -> None:
        self._stopped_by = name
        talking.cancel()

    def _hang_up(self) -> None:
        self._stays = False

    async def _talk(self) -> None:
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
        """Whether a yes or a no is waited for. Ctrl-C stops an answer, not the conversation."""
        loop = asyncio.get_running_loop()
        hearing = asyncio.create_task(self._conversation.hear(line))
        if self._stays:
            loop.add_signal_handler(signal.SIGINT, hearing.cancel)
        try:
            await asyncio.wait({hearing})
        finally:
            if self._stays:
                loop.remove_signal_handler(signal.SIGINT)
            if not hearing.done():
                await let_go(hearing)
            self._screen.end()
        return await self._conversation.open() if hearing.cancelled() else await hearing

    async def _chosen_to_leave(self) -> bool:
        """What becomes of the runs that are driven here."""
        self._screen.note(f"still driven here: {', '.join(self._herding.busy)}")
        self._screen.note("[Enter] stay · [c] cancel and collect · [l] leave them for a later `swineherd resume`")
        match (await self._line("stay, c or l? ") or "l").strip().lower()[:1]:
            case "c":
                self._herding.cancel("the terminal")
                await self._herding.idle()
                return True
            case "l":
                return True
            case _:
                return False
