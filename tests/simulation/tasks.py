"""All tasks of one process die with it."""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any

from tests.simulation.process import Process

_RUNS_IN: ContextVar[list["asyncio.Task[Any]"]] = ContextVar("tasks of the process")


def remember(loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> "asyncio.Task[Any]":
    """A task factory: a task belongs to the process whose task made it."""
    task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **more)
    mine = _RUNS_IN.get(None)
    if mine is not None:
        mine.append(task)
    return task


async def all_of(process: Process, work: Coroutine[Any, Any, object]) -> None:
    """Do the work of a process; when it has ended or was killed, so have all tasks that it made."""
    tasks: list[asyncio.Task[Any]] = []
    token = _RUNS_IN.set(tasks)
    try:
        main = asyncio.ensure_future(work)
    finally:
        _RUNS_IN.reset(token)
    try:
        await main
    finally:
        process.dead = True
        while left := [task for task in tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        for task in tasks:
            if not task.cancelled():
                task.exception()
