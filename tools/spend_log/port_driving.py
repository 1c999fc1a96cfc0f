"""What a process that drives many runs asks of the spend log: who drives what, and which runs are to be seen to now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from tools.spend_log.rows import Holder, Lease, Parked, RunStatus, Worker


class Driving(Protocol):
    """One part of `tools.spend_log.port.SpendLog`; its cost does not grow with the number of runs that wait."""

    def due(self, now: datetime, horizon: datetime, limit: int) -> list[Parked]:
        """Parked runs without a lease whose next look has come: what costs no look (humans) and deadlines first.

        Args:
            horizon: a next look beyond it was noted before the clock was set back, and has come too; a human's is none.
        """
        ...

    def adrift(self, limit: int) -> list[str]:
        """Unfinished runs that are neither parked nor leased, oldest first: new ones, and those that were let go.

        Not those left to their human, nor those that wait for their turn in a batch, unless they are to be cancelled.
        """
        ...

    def leases(self) -> list[Lease]:
        """Every lease, whether its holder lives or not."""
        ...

    def count_runs(self) -> Mapping[RunStatus, int]:
        """How many runs there are of each status that occurs."""
        ...

    def beat(self, holder: Holder, now: datetime) -> None:
        """A worker says that it lives."""
        ...

    def retire(self, holder: Holder) -> None:
        """A worker is gone, and what it left behind is seen to; nothing when it is not listed."""
        ...

    def workers(self) -> list[Worker]:
        """Those that said they live and were not retired, in the order of their names; some may be dead."""
        ...
