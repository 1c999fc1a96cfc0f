"""What a SQL prompt can't do to peaks, in the file."""

import sqlite3

import pytest

from tests.tools.spend_log.test_contract_peaks import WORK, a_pod
from tools.spend_log.peak_rows import GpuUse, PeakEnd
from tools.spend_log.port import SpendLog


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM run_works",
        "UPDATE run_works SET sha256 = 'b'",
        *(f"{verb} INTO run_works VALUES ('run-1', 'b', '1')" for verb in ("INSERT OR REPLACE", "INSERT OR IGNORE")),
        "DELETE FROM peaks",
        *(f"{verb} INTO peaks SELECT * FROM peaks" for verb in ("INSERT OR REPLACE", "INSERT OR IGNORE")),
        *(f"UPDATE peaks SET {figure} = {figure} - 1" for figure in ("memory_mib", "gpu_util", "mem_util")),
        *(f"UPDATE peaks SET {figure} = NULL" for figure in ("memory_mib", "gpu_util", "mem_util")),
        *(f"UPDATE peaks SET {figure} = 101" for figure in ("gpu_util", "mem_util")),
        "UPDATE peaks SET job_end = ''",
        "UPDATE peaks SET job_end = 'ran_out'",
        "UPDATE peaks SET order_id = 'x'",
    ],
)
def test_a_peak_is_what_was_seen(log: SpendLog, raw: sqlite3.Connection, statement: str) -> None:
    """No figure falls, no end changes, no row is replaced, and a run keeps its work."""
    order_id = a_pod(log, "run-1")
    log.keep_peak(order_id, GpuUse(9000, 97, 18))
    log.end_peak(order_id, PeakEnd.FINISHED)
    kept = log.peaks("run-1")
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)
    assert (log.peaks("run-1"), log.work_of("run-1")) == (kept, WORK)
