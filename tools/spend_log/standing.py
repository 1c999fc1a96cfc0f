"""Whether a lease still stands, and whether a worker lives: one rule, for who wants to take over and who asks."""

from collections.abc import Callable
from datetime import datetime, timedelta

from tools.spend_log.rows import Holder, Lease, Worker

SILENT_FOR = timedelta(seconds=60)
"""A worker on another host that has not been heard of for so long is taken for dead."""


def stands_against(lease: Lease, other: Holder, now: datetime, alive: Callable[[Holder], bool]) -> bool:
    """Whether `other` has to leave the run to the lease's holder (see `SpendLog.take_lease`); its own never stands."""
    if lease.holder == other:
        return False
    return _stands(lease.holder, lease.expires_at, other, now, alive)


def lives(worker: Worker, other: Holder, now: datetime, alive: Callable[[Holder], bool]) -> bool:
    """Whether `other` may count on a worker."""
    return _stands(worker.holder, worker.heartbeat_at + SILENT_FOR, other, now, alive)


def _stands(holder: Holder, until: datetime, other: Holder, now: datetime, alive: Callable[[Holder], bool]) -> bool:
    """A process on this host can be looked at; one elsewhere is believed in until its time is over."""
    here = holder.host == other.host
    return (here or now < until) and alive(holder)
