"""A human and the agent at one table: a conversation in a world, and all that was said at it."""

from pathlib import Path

from agent.discreet import Discreet
from agent.mind.port import Called, Mind, Said
from agent.mind.scripted import ScriptedMind
from agent.questions import questions
from agent.talk.context import Kind, Line, Talking
from agent.talk.conversation import Conversation
from tests.agent.world import World
from tools.spend_log.rows import Decision
from tools.ssh.snapshot import pack

KEY = "ghk_0123456789abcdef0123"
"""Of the environment that the conversation takes place in."""
ME = "terminal:me"

JOB_WORDS = "run `python train.py` for two hours on an RTX 4090, at most $5"
SUBMIT = Called("submit_job", {"description": "train"})
FINE = Said("assistant", "Fine.")


class Table:
    """One conversation; `again` is another process on the same thread.

    Attributes:
        lines: all that was shown.
        taken_up: runs that somebody was told to drive.
    """

    def __init__(
        self, world: World, mind: Mind | None = None, thread: str = "t", *, pays_by_words: bool = True
    ) -> None:
        self.world = world
        self.folder = world.root / "project"
        self.folder.mkdir(exist_ok=True)
        (self.folder / "train.py").write_text("print('hello')\n")
        world.change(mind=mind, variables={"GPUHOG_API_KEY": KEY, **world.parts.variables})
        self.thread = thread
        self.pays_by_words = pays_by_words
        self.lines: list[Line] = []
        self.taken_up: list[str] = []
        self._asked = False
        self._conversation = self._sit_down()

    def _sit_down(self) -> Conversation:
        show, drive = self.lines.append, self.taken_up.append
        pays = self.pays_by_words
        talking = Talking(self.world.parts, pack, self.folder, ME, show, drive, pays_by_words=pays)
        return Conversation(talking, self.world.saver, Discreet(), self.thread)

    async def again(self) -> None:
        """The process has ended; another one goes on with the thread."""
        self.lines.clear()
        self._conversation = self._sit_down()
        self._asked = await self._conversation.open()

    async def say(self, *messages: str) -> str:
        """Type them one after the other; returns what was shown since."""
        before = len(self.lines)
        for message in messages:
            self._asked = await self._conversation.hear(message)
        return self._text(self.lines[before:])

    def is_asked(self) -> bool:
        """Whether a yes or a no is waited for."""
        return self._asked

    async def forget(self) -> None:
        await self._conversation.forget()

    def shown(self, kind: Kind) -> str:
        """All of one kind."""
        return self._text([line for line in self.lines if line.kind == kind])

    @staticmethod
    def _text(lines: list[Line]) -> str:
        return "".join(line.text if line.kind == "model" else f"{line.text}\n" for line in lines)

    @property
    def code(self) -> str:
        """Of the one question that stands."""
        (asked,) = questions(self.world.log, self.world.clock.now())
        return asked.code

    @property
    def runs(self) -> list[str]:
        return [run.run_id for run in self.world.log.runs()]

    def kept(self) -> str:
        """All that the checkpoints have of the thread."""
        config = {"configurable": {"thread_id": f"talk:{self.thread}"}}
        return "".join(str(one.checkpoint) for one in self.world.saver.list(config))  # type: ignore[arg-type]

    def job_of(self, run_id: str) -> str:
        return Path(self.world.home.run(run_id).job_file).read_text(encoding="utf-8")


def scripted(table: Table) -> ScriptedMind:
    """The model at the table."""
    mind = table.world.parts.mind
    assert isinstance(mind, ScriptedMind)
    return mind


def approval_of(table: Table, run_id: str) -> Decision | None:
    """What was decided about the run's offer."""
    asked = table.world.log.approval(run_id)
    assert asked is not None
    return asked.decision
