"""The part of the spend log that knows what jobs used of their GPUs."""

from tools.spend_log import peaks
from tools.spend_log.log_file import LogFile
from tools.spend_log.peak_rows import GpuUse, Peak, PeakEnd, Work


class PeaksLog(LogFile):
    """See `tools.spend_log.port_peaks.PeakLog`."""

    def work_of(self, run_id: str) -> Work | None:
        with self._read() as db:
            return peaks.work_of(db, run_id)

    def keep_peak(self, order_id: str, use: GpuUse) -> None:
        with self._read() as db:
            if not peaks.rises(db, order_id, use):
                return
        with self._write() as db:
            peaks.keep(db, order_id, use)

    def end_peak(self, order_id: str, how: PeakEnd) -> None:
        with self._write() as db:
            peaks.end(db, order_id, how)

    def peaks(self, run_id: str) -> list[Peak]:
        with self._read() as db:
            return peaks.of_run(db, run_id)

    def peaks_of_work(self, sha256: str, limit: int = 50) -> list[Peak]:
        with self._read() as db:
            return peaks.of_work(db, sha256, limit)
