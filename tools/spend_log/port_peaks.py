"""The part of the spend log's port that knows what jobs used of their GPUs."""

from typing import Protocol

from tools.spend_log.peak_rows import GpuUse, Peak, PeakEnd, Work


class PeakLog(Protocol):
    """What earlier runs used, so that a later one with the same work asks for a GPU that fits. No money is in it."""

    def work_of(self, run_id: str) -> Work | None:
        """What a run was submitted to do; None of one that is older than that is written down."""
        ...

    def keep_peak(self, order_id: str, use: GpuUse) -> None:
        """Raise what is kept of an order to what was seen, figure by figure; nothing is written where none is higher.

        LookupError when there is no such order.
        """
        ...

    def end_peak(self, order_id: str, how: PeakEnd) -> None:
        """Note how the job on an order ended, which makes its peak count; said once, it stays."""
        ...

    def peaks(self, run_id: str) -> list[Peak]:
        """Of each pod of a run that anything was seen of, oldest first."""
        ...

    def peaks_of_work(self, sha256: str, limit: int = 50) -> list[Peak]:
        """Of every run with that work, newest first, whose job's end is known."""
        ...
