"""The question about a batch at its own terminal."""

import asyncio
import io
from collections.abc import Callable

from agent.cli.batch_face import BatchFace
from agent.cli.batch_question import Question
from agent.cli.terminal import Keyboard
from tests.agent.batch.herd_of import submitted
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK


class Typed(Keyboard):
    """A keyboard on which a test types; each line goes to whoever asked last, once."""

    is_there = True

    def __init__(self) -> None:
        self.listeners: asyncio.Queue[Callable[[str], None]] = asyncio.Queue()

    def ask(self, listener: Callable[[str], None]) -> None:
        self.listeners.put_nowait(listener)

    def close(self) -> None:
        """Nobody is listened for any more."""

    async def line(self, text: str) -> None:
        (await self.listeners.get())(text)


async def test_a_yes_that_was_not_taken_is_asked_for_again(make_world: MakeWorld) -> None:
    """Spending was frozen: once it is allowed again the same keyboard answers."""
    world, keyboard, said = make_world(ASK), Typed(), io.StringIO()
    batch = world.log.batch(submitted(world, 2))
    assert batch is not None
    run_ids = [job.run_id for job in world.log.batch_jobs(batch.batch_id)]
    question = Question(world.parts, BatchFace(said, table=False), batch, keyboard)
    asking = asyncio.create_task(question.consented(run_ids, wait=True))
    world.log.freeze("by hand", world.clock.now())
    await keyboard.line("y")
    assert "spending is frozen: by hand" in said.getvalue()
    world.log.unfreeze(world.clock.now())
    await keyboard.line("y")
    assert await asking == run_ids
