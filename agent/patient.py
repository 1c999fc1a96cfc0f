"""Work that a cancelled task must not leave half done."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Do `work` to its end even when the task that waits is cancelled meanwhile; the cancellation comes after it.

    A purchase that is cut off between its intent and its answer would be in doubt for nothing.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
