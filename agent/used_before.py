"""What a job needs of GPU memory by all that is known: what earlier runs of the same job used beats any estimate."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from agent.parts import Parts
from agent.submit import ReadJob, work_to_do
from policies.job import Job
from policies.vram import Known, PeakUse, thought_gb
from tools.spend_log.peak_rows import Peak, PeakEnd, Work

MIB_A_GB = 1024


def known_of(parts: Parts, read: ReadJob) -> Known:
    """Of a job that is not submitted."""
    return _known(parts, read.job, work_to_do(parts.home_id, read), parts.policy.gpu.vram_headroom)


def known_of_run(parts: Parts, run_id: str, least_gb: int = 0) -> Known:
    """Of a run, whose own pods before this one count by `least_gb`."""
    work, headroom = parts.log.work_of(run_id), parts.policy.gpu.vram_headroom
    return _known(parts, parts.job(run_id), work, headroom, least_gb, but=run_id)


def _known(parts: Parts, job: Job, work: Work | None, headroom: Decimal, least_gb: int = 0, *, but: str = "") -> Known:
    """Where a human named the one GPU there is to be, what other runs used says nothing about it."""
    estimated = work.estimated_gb if work else None
    stated = None if estimated is not None else job.vram_gb
    found = parts.log.peaks_of_work(work.sha256) if work and len(job.accelerators) != 1 else []
    used = list(_of_latest(peak for peak in found if peak.run_id != but))
    return Known(thought_gb(stated, used, estimated, headroom), least_gb)


def _of_latest(peaks: Iterable[Peak]) -> Iterator[PeakUse]:
    """Those of the files as they were last: what the same command used before somebody edited them is past.

    Args:
        peaks: newest first.
    """
    latest = None
    for peak in peaks:
        latest = latest or peak.job_sha256
        ran_out, mib = peak.end is PeakEnd.RAN_OUT, peak.use.memory_mib
        if peak.job_sha256 == latest and (ran_out or mib is not None):
            used = Decimal(peak.had_gb) if mib is None else Decimal(mib) / MIB_A_GB
            yield PeakUse(used, peak.had_gb, peak.run_id, ran_out)
