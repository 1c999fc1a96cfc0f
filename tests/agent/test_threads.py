"""Work on a thread of its own."""

import asyncio
import threading

import pytest

from agent.threads import on_a_thread


async def test_what_it_returns_and_what_it_raises() -> None:
    """As if it were called here; on another thread."""
    assert await on_a_thread(threading.current_thread) is not threading.current_thread()

    def fails() -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        await on_a_thread(fails)


async def test_one_that_hangs_keeps_nobody_from_ending() -> None:
    """Whoever waits may stop to; what comes of it later is nobody's; and the process does not wait for it."""
    let_go = threading.Event()
    waiting = asyncio.create_task(on_a_thread(lambda: let_go.wait(60)))
    await asyncio.sleep(0.01)
    (thread,) = [one for one in threading.enumerate() if one.name.endswith("(run)")]
    assert thread.daemon
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    let_go.set()
    thread.join(10)
    await asyncio.sleep(0)
    assert not thread.is_alive()
