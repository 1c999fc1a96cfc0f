"""Version 8 of the spend log: the most that a job used of its GPU, and which runs have the same work."""

from tools.spend_log.triggers import changed, refuse

_WORK_THERE = "EXISTS (SELECT 1 FROM run_works w WHERE w.run_id = NEW.run_id)"
_PEAK_THERE = "EXISTS (SELECT 1 FROM peaks p WHERE p.order_id = NEW.order_id)"
_FALLS = " OR ".join(
    f"coalesce(NEW.{figure}, -1) < coalesce(OLD.{figure}, -1)" for figure in ("memory_mib", "gpu_util", "mem_util")
)

_RULES = (
    ("run_works_kept", "DELETE ON run_works", "1", "a run keeps its work"),
    ("run_works_fixed", "UPDATE ON run_works", "1", "the work of a run never changes"),
    # INSERT OR REPLACE would delete the row in its way without a delete trigger.
    ("run_works_added", "INSERT ON run_works", _WORK_THERE, "a run has one work"),
    ("peaks_kept", "DELETE ON peaks", "1", "a peak is never deleted"),
    ("peaks_added", "INSERT ON peaks", _PEAK_THERE, "an order has one peak"),
    ("peaks_rise", "UPDATE ON peaks", f"{changed('order_id')} OR {_FALLS}", "a peak only rises"),
    (
        "peaks_ended",
        "UPDATE ON peaks",
        "OLD.job_end <> '' AND NEW.job_end IS NOT OLD.job_end",
        "how a job ended never changes",
    ),
)

VERSION_8 = (
    """CREATE TABLE run_works (
        run_id TEXT PRIMARY KEY REFERENCES runs (run_id),
        sha256 TEXT NOT NULL CHECK (sha256 <> ''),
        estimated_gb TEXT
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX run_works_alike ON run_works (sha256)",
    """CREATE TABLE peaks (
        order_id TEXT PRIMARY KEY REFERENCES orders (order_id),
        memory_mib INTEGER CHECK (memory_mib > 0),
        gpu_util INTEGER CHECK (gpu_util >= 0 AND gpu_util <= 100),
        mem_util INTEGER CHECK (mem_util >= 0 AND mem_util <= 100),
        job_end TEXT NOT NULL DEFAULT '' CHECK (job_end IN ('', 'finished', 'ran_out'))
    ) STRICT, WITHOUT ROWID""",
    *(refuse(*rule) for rule in _RULES),
)
