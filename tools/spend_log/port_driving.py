"""What a process that drives many runs asks of the spend log: who drives what, and which runs are to be seen to now."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from tools.spend_log.rows import Holder, Lease, Parked, RunStatus, Worker


class Driving(Protocol):
    """One part of `tools.spend_log.port.SpendLog`; its cost does not grow with the number of runs that wait.

    A `home` leaves the runs of other homes out, whose files are not there; "" leaves out none.
    """

    def due(self, now: datetime, horizon: datetime, limit: int, home: str = "") -> list[Parked]:
        """Parked runs without a lease whose next look has come: what costs no look (humans) and deadlines first.

        Args:
            horizon: a next look beyond it was noted before the clock was set back, and has come too; a human's is none.
        """
        ...

    def adrift(self, limit: int, home: str = "") -> list[str]:
        """Unfinished runs that are neither parked nor leased, oldest first: new ones, and those that were let go.

        Not those left to their human, nor those that wait for their turn in a batch, unless they are to be cancelled.
        """
        ...

    def leases(self, home: str = "") -> list[Lease]:
        """Every lease, whether its holder lives or not."""
        ...

    def count_runs(self) -> Mapping[RunStatus, int]:
        """How many runs there are of each status that occurs."""
        ...

    def home_of(self, run_id: str) -> str:
        """The home that has a run's files; "" where none was written down."""
        ...

    def homeless(self) -> list[str]:
        """Unfinished runs of which no home was written down, oldest first."""
        ...

    def adopt(self, run_ids: Collection[str], home: str, now: datetime) -> None:
        """Write down whose files lie in a home; a run that has a home already keeps it."""
        ...

    def beat(self, holder: Holder, now: datetime, home: str = "") -> None:
        """A worker says that it lives, and whose runs it drives."""
        ...

    def retire(self, holder: Holder) -> None:
        """A worker is gone, and what it left behind is seen to; nothing when it is not listed."""
        ...

    def workers(self) -> list[Worker]:
        """Those that said they live and were not retired, in the order of their names; some may be dead."""
        ...
