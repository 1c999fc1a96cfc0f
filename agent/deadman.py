"""The dead man's timer: the pod stops or ends itself when nobody is left who would (law 7)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from agent.lease_time import timer_acts_at
from agent.parts import Parts
from agent.patient import unless
from tools.errors import HostUnreachable
from tools.ports import PodSession, RemoteHome, Timer
from tools.spend_log.rows import OrderRow

BETWEEN_HEARTBEATS = 60.0

MARK_MAY_TAKE = timedelta(seconds=20)
"""The mark matters only to a pod whose agent dies before it is ended; ending it is not kept waiting for longer."""


async def arm(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> None:
    """Arm the pod's timer, or tell why it is not; at a later connection it is a sign of life. Never an error."""
    acts_at = timer_acts_at(order, parts.hour)
    if not parts.policy.network.deadman:
        if not order.job_started:
            parts.face.tell(order.run_id, "timer NOT armed: the policy says network.deadman = false")
        return
    if parts.clock.now() >= acts_at:
        return
    silence = parts.policy.network.deadman_minutes * 60
    try:
        why_not = await session.arm_timer(home, Timer(parts.api_url, order.order_id, acts_at, silence))
    except HostUnreachable as error:
        why_not = str(error)
    if why_not:
        parts.face.tell(order.run_id, f"timer NOT armed: {why_not}")
    elif not order.job_started:
        parts.face.tell(order.run_id, f"timer armed: without us the pod stops itself at {acts_at:%H:%M:%S} UTC")


@asynccontextmanager
async def signs_of_life(parts: Parts, session: PodSession, home: RemoteHome) -> AsyncIterator[None]:
    """Within, the pod hears of us every minute."""
    beating = asyncio.ensure_future(_beat(parts, session, home))
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def _beat(parts: Parts, session: PodSession, home: RemoteHome) -> None:
    while parts.policy.network.deadman:
        await parts.clock.sleep(BETWEEN_HEARTBEATS)
        try:
            await session.heartbeat(home)
        except HostUnreachable:
            continue


async def leave_mark(parts: Parts, session: PodSession, home: RemoteHome) -> None:
    """Tell the timer that everything is here, so that it may end the pod for good. Never an error."""
    if not parts.policy.network.deadman:
        return
    until = parts.clock.now() + MARK_MAY_TAKE

    def too_long() -> str | None:
        return "too long" if parts.clock.now() >= until else None

    try:
        await unless(parts.clock, session.mark_collected(home), too_long)
    except HostUnreachable:
        return
