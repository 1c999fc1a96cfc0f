"""What jobs used of their GPUs: maxima by pod, found again by what the runs had to do."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.tools.spend_log.things import an_offer, an_order, new_run, offered, order_of
from tools.spend_log.peak_rows import GpuUse, Peak, PeakEnd, Work
from tools.spend_log.port import SpendLog

WORK = Work("w" * 64)


def a_pod(log: SpendLog, run_id: str, work: Work | None = WORK, job_sha256: str = "a" * 64) -> str:
    """The order of a run's first pod."""
    log.add_run(new_run(run_id, work=work, job_sha256=job_sha256))
    offered(log, an_offer(run_id))
    log.add_order(an_order(order_of(run_id), run_id))
    return order_of(run_id)


@pytest.mark.parametrize("work", [Work("w" * 64, Decimal("15.48")), Work("w" * 64), None])
def test_the_work_of_a_run_is_kept(log: SpendLog, work: Work | None) -> None:
    """With the estimate, to its last decimal; a run of an older swineherd has none."""
    log.add_run(new_run(work=work))
    assert log.work_of("run-1") == work
    assert log.work_of("no-such-run") is None


def test_a_peak_is_the_most_that_was_seen_of_each_figure(log: SpendLog, reopen: Callable[[], SpendLog]) -> None:
    """Whoever saw it, in whatever order: by nvidia-smi, by the order's status, by another process after a crash."""
    order_id = a_pod(log, "run-1")
    log.keep_peak(order_id, GpuUse(memory_mib=9000, gpu_util=40))
    log.keep_peak(order_id, GpuUse(gpu_util=97, mem_util=18))
    reopen().keep_peak(order_id, GpuUse(memory_mib=16_384, gpu_util=3))
    log.keep_peak(order_id, GpuUse())
    kept = Peak(order_id, "run-1", 1, "RTX 4090", 24, "a" * 64, GpuUse(16_384, 97, 18), PeakEnd.UNKNOWN)
    assert log.peaks("run-1") == [kept]


def test_a_peak_is_no_history(log: SpendLog) -> None:
    """A look every few seconds would drown what happened."""
    order_id = a_pod(log, "run-1")
    head = log.chain_head()
    log.keep_peak(order_id, GpuUse(9000))
    log.end_peak(order_id, PeakEnd.FINISHED)
    assert log.chain_head() == head
    assert log.audit() == []


def test_nothing_seen_is_nothing_kept(log: SpendLog) -> None:
    """Nor anything of an order that nobody knows."""
    a_pod(log, "run-1")
    log.keep_peak(order_of("run-1"), GpuUse())
    assert log.peaks("run-1") == []
    with pytest.raises(LookupError):
        log.keep_peak("HOG-unknown", GpuUse(9000))
    with pytest.raises(LookupError):
        log.end_peak("HOG-unknown", PeakEnd.FINISHED)


def test_a_peak_counts_once_its_jobs_end_is_known(log: SpendLog) -> None:
    """Not while it runs, nor ever where it was lost; what was said first of its end stays, and figures may still rise.

    A job that ran out of memory counts even where nobody saw how much it used.
    """
    running, done, died = (a_pod(log, name) for name in ("running", "done", "died"))
    for order_id in (running, done):
        log.keep_peak(order_id, GpuUse(9000))
    log.end_peak(done, PeakEnd.FINISHED)
    log.end_peak(done, PeakEnd.RAN_OUT)
    log.keep_peak(done, GpuUse(9500))
    log.end_peak(died, PeakEnd.RAN_OUT)
    found = [(peak.run_id, peak.use.memory_mib, peak.end) for peak in log.peaks_of_work(WORK.sha256)]
    assert found == [("died", None, PeakEnd.RAN_OUT), ("done", 9500, PeakEnd.FINISHED)]


def test_only_the_same_work_is_found(log: SpendLog) -> None:
    """Not another one's, nor of a run of which nobody knows what it did; the newest first, and so many."""
    for run_id, work in (("a", WORK), ("b", Work("x" * 64)), ("c", None), ("d", WORK), ("e", WORK)):
        log.keep_peak(a_pod(log, run_id, work), GpuUse(9000))
        log.end_peak(order_of(run_id), PeakEnd.FINISHED)
    assert [peak.run_id for peak in log.peaks_of_work(WORK.sha256)] == ["e", "d", "a"]
    assert [peak.run_id for peak in log.peaks_of_work(WORK.sha256, limit=1)] == ["e"]
    assert log.peaks_of_work("z" * 64) == []
