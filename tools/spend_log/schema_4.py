"""Version 4 of the spend log: workers, and parked runs found by the time of their next look."""

VERSION_4 = (
    """CREATE TABLE workers (
        host TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        pid INTEGER NOT NULL,
        started TEXT NOT NULL,
        heartbeat_at TEXT NOT NULL,
        PRIMARY KEY (host, boot_id, pid, started)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX parked_by_look ON parked (next_look)",
    # A human's next look may be far ahead: without those rows, a search for looks that are too far ahead finds few.
    "CREATE INDEX parked_for_no_human ON parked (next_look) WHERE awaited <> 'human'",
)
