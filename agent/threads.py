"""Work that may hang on a disk, kept off the event loop and out of the way of the process's end."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def on_a_thread(work: Callable[[], T]) -> T:
    """What `work` returns or raises. Unlike a thread of the pool, one that hangs keeps no process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(outcome: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(outcome)  # type: ignore[arg-type] # of the work itself, then

    def run() -> None:
        try:
            outcome, error = work(), None
        except BaseException as raised:  # noqa: BLE001 - it is raised where it is waited for
            outcome, error = None, raised
        with suppress(RuntimeError):  # the loop is closed: nobody waits for it any more
            loop.call_soon_threadsafe(settle, outcome, error)

    threading.Thread(target=run, daemon=True).start()
    return await done
