"""Work that may not be cut in half, and work that must not go on for ever."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from tools.ports import Clock

T = TypeVar("T")
S = TypeVar("S")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Do `work` to its end even when the task that waits is cancelled meanwhile, however often; that comes after it.

    A purchase that is cut off between its intent and its answer would be in doubt for nothing.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        raise


async def unless(clock: Clock, work: Coroutine[Any, Any, T], stop: Callable[[], S | None]) -> T | S:
    """Do `work`, unless `stop`, asked every second, gives a reason against it: then cancel it and return that."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            reason = stop()
            if reason is not None:
                return reason
            await _for_a_second(clock, task)
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _for_a_second(clock: Clock, task: "asyncio.Task[Any]") -> None:
    """Until the task ends, a second at most."""
    second = asyncio.ensure_future(clock.sleep(1))
    try:
        await asyncio.wait({task, second}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
