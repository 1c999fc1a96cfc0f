"""Version 5 of the spend log: where several machines share it, the home that has a run's files, and whom it serves."""

from tools.spend_log.triggers import refuse

_THERE = "EXISTS (SELECT 1 FROM run_homes h WHERE h.run_id = NEW.run_id)"

_RULES = (
    ("run_homes_kept", "DELETE ON run_homes", "1", "a run keeps its home"),
    ("run_homes_fixed", "UPDATE ON run_homes", "1", "the home of a run never changes"),
    # INSERT OR REPLACE would delete the row in its way without a delete trigger.
    ("run_homes_added", "INSERT ON run_homes", _THERE, "a run has one home"),
)

VERSION_5 = (
    """CREATE TABLE run_homes (
        run_id TEXT PRIMARY KEY REFERENCES runs (run_id),
        home TEXT NOT NULL CHECK (home <> '')
    ) STRICT, WITHOUT ROWID""",
    "ALTER TABLE workers ADD COLUMN home TEXT NOT NULL DEFAULT ''",
    *(refuse(*rule) for rule in _RULES),
)
