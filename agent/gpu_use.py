"""What a job uses of its GPU: shown while it runs, kept at its most, and counted once the job was seen to its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from agent.job_log import ran_out_of_memory
from agent.parts import Parts
from policies.hardware import same_memory
from policies.order import phase
from tools.errors import HostUnreachable, Malformed, MarketUnavailable, Refused, StoreUnusable
from tools.ports import PodSession, RemoteHome
from tools.spend_log.peak_rows import GpuUse, PeakEnd
from tools.spend_log.rows import OrderRow

BETWEEN_LOOKS = 15.0
"""Seconds. The pod itself looks more often."""


@asynccontextmanager
async def watched(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> AsyncIterator[None]:
    """Within, whoever watches the run sees how busy its GPU is, and the most of it is kept."""
    watching = asyncio.ensure_future(_watch(parts, order, session, home))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> None:
    while True:
        await parts.clock.sleep(BETWEEN_LOOKS)
        try:
            view = await parts.look(order)
        except (MarketUnavailable, Malformed, Refused):
            continue
        if phase(view.status) == "running" and view.gpu_util is not None:
            parts.face.gpu(order.run_id, view.gpu_util, view.mem_util or 0)
            parts.log.keep_peak(order.order_id, GpuUse(gpu_util=view.gpu_util, mem_util=view.mem_util))
        await _look(parts, order, session, home)


async def note_use(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome, exit_code: int) -> None:
    """Keep what a job used that has ended, and whether it counts. Never an error: no result hangs on it.

    It counts where the job did its work and was watched to its end, or ran out of memory, whoever watched. One that
    failed otherwise may have been far from its peak.
    """
    with suppress(StoreUnusable):
        whole = await _look(parts, order, session, home)
        if ran_out_of_memory(parts, order.run_id, exit_code):
            parts.log.end_peak(order.order_id, PeakEnd.RAN_OUT)
        elif exit_code == 0 and whole:
            parts.log.end_peak(order.order_id, PeakEnd.FINISHED)


async def _look(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> bool:
    """Keep what the pod saw by now; False where it saw nothing, or what can't be of the GPU that was rented."""
    try:
        peak = await session.gpu_peak(home)
    except HostUnreachable:
        return False
    if peak is None or not same_memory(_had_gb(parts, order), peak.total_mib):
        return False
    parts.log.keep_peak(order.order_id, GpuUse(memory_mib=peak.memory_mib, gpu_util=peak.util))
    return True


def _had_gb(parts: Parts, order: OrderRow) -> int:
    offers = (attempt.offer for attempt in parts.log.attempts(order.run_id))
    return next((offer.vram_gb for offer in offers if offer.attempt == order.attempt), 0)
