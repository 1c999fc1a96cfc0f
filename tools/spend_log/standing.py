"""Whether a lease still stands: the one rule, for whoever wants to take it and for whoever only wants to know."""

from collections.abc import Callable
from datetime import datetime

from tools.spend_log.rows import Holder, Lease


def stands_against(lease: Lease, other: Holder, now: datetime, alive: Callable[[Holder], bool]) -> bool:
    """Whether `other` has to leave the run to the lease's holder (see `SpendLog.take_lease`); its own never stands."""
    if lease.holder == other:
        return False
    here = lease.holder.host == other.host
    return (here or now < lease.expires_at) and alive(lease.holder)
