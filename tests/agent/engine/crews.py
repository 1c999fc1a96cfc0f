"""Workers in virtual time: the real engine on a world, with the queue in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agent.engine.engine import Engine
from agent.herd import Herd
from tests.agent.engine.plain_queue import PlainQueue
from tests.agent.world import World
from tools.ssh.snapshot import pack


@dataclass
class Worker:
    """One worker at work on a world."""

    engine: Engine
    queue: PlainQueue
    stop: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def working(world: World, queue: PlainQueue | None = None) -> AsyncIterator[Worker]:
    """A worker that works until the block ends, and is then told to end."""
    queue = queue or PlainQueue()
    engine = Engine(Herd(world.parts, world.driver(), pack), queue.open)
    worker = Worker(engine, queue)
    running = asyncio.create_task(engine.run(worker.stop))
    try:
        yield worker
    finally:
        worker.stop.set()
        await running


async def until(world: World, done: Callable[[], object], seconds: float = 10_000) -> None:
    """Let virtual time pass until `done()`."""
    end = world.clock.monotonic() + seconds
    while not done():
        assert world.clock.monotonic() < end, "waited in vain"
        await world.clock.sleep(0.1)
