"""A run that nobody drives, as a sweep sees it: from the spend log, its order, and a short look at its job."""

from contextlib import suppress
from datetime import datetime, timedelta

from agent import checkout
from agent.drive import LEFT
from agent.lease_time import stop_job_at
from agent.parts import Parts
from agent.patient import unless
from policies.charge import ChargeState, IllegalMove
from policies.order import OrderView, phase
from policies.sweeping import JobSeen, PodSeen, Undriven
from tools.errors import HostKeyChanged, HostUnreachable, LoginRefused, Malformed, MarketUnavailable, Refused
from tools.ports import JobState, NotStarted, Running
from tools.spend_log.rows import Lease, OrderRow, Run
from tools.spend_log.standing import stands_against

PEEK_MAY_TAKE = timedelta(seconds=30)
"""From dialling a pod to its answer about the job; one that takes longer is tried again by the next sweep."""

_BY_ITS_DRIVER = frozenset({"step", "status", LEFT})
"""Events that only a driver writes, or whoever told it to leave the run as it is."""


def driver_of(parts: Parts, run_id: str) -> Lease | None:
    """The lease of whoever drives a run; a run that this very process drives is in living hands too."""
    lease = parts.log.lease(run_id)
    if lease is None:
        return None
    ours = lease.holder == parts.holder
    return lease if ours or stands_against(lease, parts.holder, parts.clock.now(), parts.alive) else None


async def look_at_undriven(parts: Parts, run: Run) -> Undriven:
    """What `policies.sweeping` decides on. Changes nothing but what a look shows: the order's status, a late payment.

    The run's lease is not taken: one that a dead driver left behind tells how long nobody has come back.
    """
    await _look_at_link(parts, run.run_id)
    lease = parts.log.lease(run.run_id)
    driven = [event.at for event in parts.log.events(run.run_id) if event.kind in _BY_ITS_DRIVER]
    return Undriven(
        step=run.step,
        cancelled=run.cancel_requested,
        driven_at=max([run.created_at, *driven, *([lease.heartbeat_at] if lease else [])]),
        lease_expired_at=lease.expires_at if lease else None,
        pod=await _pod(parts, run.run_id),
    )


async def _look_at_link(parts: Parts, run_id: str) -> None:
    charge = parts.open_charge(run_id)
    if charge is not None and charge.state in {ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED}:
        with suppress(IllegalMove):  # another command saw the same at the same moment, and has booked it
            await checkout.verify(parts, charge)


async def _pod(parts: Parts, run_id: str) -> PodSeen | None:
    order = parts.pod(run_id)
    charge = parts.log.charge(order.charge_id) if order else None
    if order is None or (charge is not None and charge.state in {ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED}):
        return None
    view = await _view(parts, order)
    paid_at = (charge.settled_at if charge else None) or order.created_at
    return PodSeen(
        phase=phase(view.status),
        job=await _job_seen(parts, order, view),
        paid_at=paid_at,
        deploy_until=paid_at + timedelta(minutes=parts.policy.time.deploy_minutes),
        stop_job_at=stop_job_at(order, parts.hour),
    )


async def _view(parts: Parts, order: OrderRow) -> OrderView:
    """As it was last seen, and out of reach, where the provider does not answer."""
    try:
        return await parts.look(order)
    except (MarketUnavailable, Refused, Malformed):
        return OrderView(order.order_id, order.status)


async def _job_seen(parts: Parts, order: OrderRow, view: OrderView) -> JobSeen:
    """A short look over SSH, at the host key that was pinned when the job was started and at no other."""
    if not order.job_started:
        return JobSeen.NOT_STARTED
    if phase(view.status) != "running" or view.ssh is None or not order.host_key:
        return JobSeen.UNSEEN
    until = parts.clock.now() + PEEK_MAY_TAKE
    try:
        state = await unless(parts.clock, _job_state(parts, order, view.ssh), lambda: _too_late(parts, until))
    except (HostUnreachable, LoginRefused, HostKeyChanged, Malformed):
        return JobSeen.UNSEEN
    match state:
        case str():
            return JobSeen.UNSEEN
        case NotStarted():
            return JobSeen.NOT_STARTED
        case Running():
            return JobSeen.RUNNING
        case _:
            return JobSeen.ENDED


def _too_late(parts: Parts, until: datetime) -> str | None:
    return "too late" if parts.clock.now() >= until else None


async def _job_state(parts: Parts, order: OrderRow, access: str) -> JobState:
    session = await parts.pods.connect(access, order.host_key)
    try:
        return await session.job_state(await session.home(order.run_id))
    finally:
        await session.close()
