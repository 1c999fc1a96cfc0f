"""A watched run: however the watching ends, what is driven comes to its answer first."""

import asyncio

from agent.cli.foreground import let_go


async def test_letting_go_waits_for_what_must_be_finished() -> None:
    """A purchase that was sent waits for its answer, whatever ended the watching: the store is still open for it."""
    finished = []

    async def driving() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            finished.append("the answer is stored")

    task = asyncio.create_task(driving())
    await asyncio.sleep(0)
    await let_go(task)
    assert finished == ["the answer is stored"]
    assert task.done()


async def test_letting_go_of_what_failed_raises_nothing() -> None:
    """What ended the driving is told by whoever waited for it."""

    async def driving() -> None:
        raise ValueError

    task = asyncio.create_task(driving())
    await asyncio.sleep(0)
    await let_go(task)
    assert isinstance(task.exception(), ValueError)
