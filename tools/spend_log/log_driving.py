"""The part of the spend log for a process that drives many runs."""

from collections.abc import Collection, Mapping
from datetime import datetime

from tools.spend_log import homes, leases, parking, runs, workers
from tools.spend_log.log_file import LogFile
from tools.spend_log.rows import Holder, Lease, Parked, RunStatus, Worker


class DrivingLog(LogFile):
    """See `tools.spend_log.port_driving.Driving`."""

    def due(self, now: datetime, horizon: datetime, limit: int, home: str = "") -> list[Parked]:
        with self._read() as db:
            return parking.due(db, now, horizon, limit, home)

    def adrift(self, limit: int, home: str = "") -> list[str]:
        with self._read() as db:
            return runs.adrift(db, limit, home)

    def leases(self, home: str = "") -> list[Lease]:
        with self._read() as db:
            return leases.listed(db, home)

    def count_runs(self) -> Mapping[RunStatus, int]:
        with self._read() as db:
            return runs.counted(db)

    def home_of(self, run_id: str) -> str:
        with self._read() as db:
            return homes.of_run(db, run_id)

    def homeless(self) -> list[str]:
        with self._read() as db:
            return homes.without(db)

    def adopt(self, run_ids: Collection[str], home: str, now: datetime) -> None:
        with self._write() as db:
            homes.adopt(db, run_ids, home, now)

    def beat(self, holder: Holder, now: datetime, home: str = "") -> None:
        with self._write() as db:
            workers.beat(db, holder, now, home)

    def retire(self, holder: Holder) -> None:
        with self._write() as db:
            workers.retire(db, holder)

    def workers(self) -> list[Worker]:
        with self._read() as db:
            return workers.listed(db)
