"""What the web chat costs: its first page, and many pages that are open. Run with `pytest -m benchmark -n 0 -s`.

Nothing here is asserted but that it works: the aims are a first page within 200 ms and 100 kB, and 50 MB and an idle
processor for 200 pages that are open.
"""

import asyncio
import re
import sys
import time
from contextlib import AsyncExitStack

import httpx
import psutil
import pytest

from tests.e2e.swineherd import ASK, Swineherd, write_job
from tests.e2e.test_workers import submitted
from tests.e2e.web_chat import Served, serving

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

PAGES = 200
OF_ONE = 10
"""Streams of one login: the server takes twelve."""
IDLE_SECONDS = 30.0
LOADS = 20


async def logged_in(served: Served, stack: AsyncExitStack) -> httpx.AsyncClient:
    """Somebody with a cookie."""
    link = served.link()
    client = httpx.AsyncClient(base_url=served.origin, headers={"Origin": served.origin}, timeout=60)
    await stack.enter_async_context(client)
    answer = await client.post(link)
    assert answer.status_code == 303, answer.text
    return client


async def first_page(client: httpx.AsyncClient) -> tuple[float, int]:
    """The median of what loading it takes, in milliseconds; and its bytes, with everything that it loads."""
    taken = []
    page = await client.get("/")
    for _ in range(LOADS):
        start = time.perf_counter()
        await client.get("/")
        taken.append((time.perf_counter() - start) * 1000)
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    size = len(page.content) + sum([len((await client.get(path)).content) for path in files])
    return sorted(taken)[LOADS // 2], size


async def measured(served: Served, run_id: str) -> None:
    process = psutil.Process(served.started.process.pid)
    async with AsyncExitStack() as stack:
        client = await logged_in(served, stack)
        milliseconds, size = await first_page(client)
        before = process.memory_info().rss
        cpu_before, wall = await cpu(process, IDLE_SECONDS)
        for number in range(PAGES):
            if number % OF_ONE == 0:
                client = await logged_in(served, stack)
            stream = await stack.enter_async_context(client.stream("GET", f"/runs/{run_id}/events"))
            assert stream.status_code == 200
        await asyncio.sleep(2)
        grown = process.memory_info().rss - before
        cpu_after, _ = await cpu(process, IDLE_SECONDS)
    sys.stdout.write(
        f"\nfirst page: {milliseconds:.0f} ms, {size / 1000:.0f} kB with all it loads\n"
        f"{PAGES} open pages: {grown / 1e6:.0f} MB more, {100 * cpu_after / wall:.1f} % of a core while idle"
        f" ({100 * cpu_before / wall:.1f} % with none)\n"
    )


async def cpu(process: psutil.Process, seconds: float) -> tuple[float, float]:
    """Seconds of processor time, and of the clock."""
    start, wall = sum(process.cpu_times()[:2]), time.monotonic()
    await asyncio.sleep(seconds)
    return sum(process.cpu_times()[:2]) - start, time.monotonic() - wall


async def test_what_it_costs(herd: Swineherd) -> None:
    """With one run that waits for its yes."""
    with serving(herd, ASK) as served:
        (run_id,) = await asyncio.to_thread(submitted, served.herd, write_job(served.folder, "echo"), 1)
        await measured(served, run_id)
