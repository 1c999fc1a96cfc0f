"""Fixtures that give a test a whole GPU Hog on loopback.

Use them by importing their names into a conftest: `from tests.fixtures_sandbox import sandbox`, named in `__all__`.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.sandbox.endpoint import Endpoint
from tools.sandbox.process import ensure_running, running, shut_down
from tools.sandbox.server import Options, Serving, serving

DEPLOY_SECONDS = 0.05


@contextmanager
def sandbox_in_thread(home: Path, deploy_seconds: float = DEPLOY_SECONDS) -> Iterator[Endpoint]:
    """Serve `home` on an event loop in a thread of its own; leaving it keeps pods and their jobs, as SIGTERM does."""
    ready: Future[tuple[Serving, asyncio.AbstractEventLoop]] = Future()

    async def serve() -> None:
        async with serving(Options(home, deploy_seconds=deploy_seconds, idle_seconds=3600)) as found:
            ready.set_result((found, asyncio.get_running_loop()))
            await found.until_closed()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as exc:
            if ready.done():
                raise
            ready.set_exception(exc)

    thread = threading.Thread(target=run, name="sandbox")
    thread.start()
    found, loop = ready.result(timeout=20)
    try:
        yield found.endpoint
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(found.closing.set)
        thread.join(timeout=20)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Endpoint]:
    """A sandbox in this process (fast); at the end every pod is terminated with all its processes."""
    with sandbox_in_thread(tmp_path / "sandbox") as endpoint:
        yield endpoint
        shut_down(endpoint, end_pods=True)


@pytest.fixture
def sandbox_process(tmp_path: Path) -> Iterator[Endpoint]:
    """A sandbox as a process of its own under `tmp_path / "sandbox"`; nothing of it is left at the end."""
    home = tmp_path / "sandbox"
    yield ensure_running(home, deploy_seconds=DEPLOY_SECONDS)
    if (endpoint := running(home)) is not None:
        shut_down(endpoint, end_pods=True)
