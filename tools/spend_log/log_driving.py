"""The part of the spend log for a process that drives many runs."""

from collections.abc import Mapping
from datetime import datetime

from tools.spend_log import leases, parking, runs, workers
from tools.spend_log.log_file import LogFile
from tools.spend_log.rows import Holder, Lease, Parked, RunStatus, Worker


class DrivingLog(LogFile):
    """See `tools.spend_log.port_driving.Driving`."""

    def due(self, now: datetime, horizon: datetime, limit: int) -> list[Parked]:
        with self._read() as db:
            return parking.due(db, now, horizon, limit)

    def adrift(self, limit: int) -> list[str]:
        with self._read() as db:
            return runs.adrift(db, limit)

    def leases(self) -> list[Lease]:
        with self._read() as db:
            return leases.listed(db)

    def count_runs(self) -> Mapping[RunStatus, int]:
        with self._read() as db:
            return runs.counted(db)

    def beat(self, holder: Holder, now: datetime) -> None:
        with self._write() as db:
            workers.beat(db, holder, now)

    def retire(self, holder: Holder) -> None:
        with self._write() as db:
            workers.retire(db, holder)

    def workers(self) -> list[Worker]:
        with self._read() as db:
            return workers.listed(db)
