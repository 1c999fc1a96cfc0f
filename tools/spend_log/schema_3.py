"""Version 3 of the spend log: batches with a budget their runs share, and grants, a yes given ahead to many orders."""

from tools.spend_log.triggers import changed, refuse

_USES = (
    "FROM grant_uses u JOIN charges c ON c.charge_id = u.charge_id"
    " WHERE u.grant_id = NEW.grant_id AND c.state <> 'released'"
)
_COVERED = f"""EXISTS (
    SELECT 1 FROM grants g JOIN charges c ON c.charge_id = NEW.charge_id JOIN runs r ON r.run_id = c.run_id
    WHERE g.grant_id = NEW.grant_id AND g.decision = 'approved' AND g.revoked_at IS NULL AND c.created_at < g.until
    AND c.state = 'held' AND c.kind = 'rent' AND c.rail = 'credits' AND c.account = g.account
    AND c.base_url = g.base_url
    AND EXISTS (SELECT 1 FROM grant_jobs j WHERE j.grant_id = g.grant_id AND j.job_sha256 = r.job_sha256)
    AND EXISTS (SELECT 1 FROM batch_jobs b WHERE b.batch_id = g.batch_id AND b.run_id = c.run_id)
    AND (SELECT coalesce(sum(c.amount), 0) {_USES}) + c.amount <= g.amount
    AND (SELECT count(*) {_USES}) < g.pods)"""  # noqa: S608 - made of constants

# INSERT OR REPLACE would delete the row in its way without a delete trigger: so nothing may be in the way.
_GRANT_THERE = "EXISTS (SELECT 1 FROM grants g WHERE g.grant_id = NEW.grant_id OR g.seq = NEW.seq)"
_BATCH_THERE = "EXISTS (SELECT 1 FROM batches b WHERE b.batch_id = NEW.batch_id OR b.seq = NEW.seq)"
_JOB_THERE = "EXISTS (SELECT 1 FROM batch_jobs j WHERE j.run_id = NEW.run_id)"
_USE_THERE = "EXISTS (SELECT 1 FROM grant_uses u WHERE u.charge_id = NEW.charge_id)"
_IDENTITY = (
    "grant_id",
    "batch_id",
    "amount",
    "pods",
    "account",
    "base_url",
    "code",
    "created_at",
    "expires_at",
    "until",
)


_RULES = (
    ("batches_kept", "DELETE ON batches", "1", "a batch is never deleted"),
    ("batches_fixed", "UPDATE ON batches", "1", "what a batch is never changes"),
    ("batches_added", "INSERT ON batches", _BATCH_THERE, "a batch is added once"),
    ("batch_jobs_kept", "DELETE ON batch_jobs", "1", "a job never leaves its batch"),
    ("batch_jobs_fixed", "UPDATE ON batch_jobs", "1", "a job stays where it is in its batch"),
    ("batch_jobs_added", "INSERT ON batch_jobs", _JOB_THERE, "a run is in one batch"),
    ("grants_kept", "DELETE ON grants", "1", "a grant is never deleted"),
    (
        "grants_asked",
        "INSERT ON grants",
        f"NEW.decision IS NOT NULL OR NEW.revoked_at IS NOT NULL OR {_GRANT_THERE}",
        "a grant begins as a question",
    ),
    ("grants_identity", "UPDATE ON grants", changed(*_IDENTITY), "what a grant is for never changes"),
    (
        "grants_decided",
        "UPDATE ON grants",
        "OLD.decision IS NOT NULL AND NEW.decision IS NOT OLD.decision",
        "a grant is decided once",
    ),
    (
        "grants_revoked",
        "UPDATE ON grants",
        f"OLD.revoked_at IS NOT NULL AND {changed('revoked_at', 'revoked_by')}",
        "a grant that was taken back stays so",
    ),
    ("grant_jobs_kept", "DELETE ON grant_jobs", "1", "what a grant covers never changes"),
    ("grant_jobs_fixed", "UPDATE ON grant_jobs", "1", "what a grant covers never changes"),
    (
        "grant_jobs_asked",
        "INSERT ON grant_jobs",
        "EXISTS (SELECT 1 FROM grants g WHERE g.grant_id = NEW.grant_id AND g.decision IS NOT NULL)",
        "what a grant covers never changes",
    ),
    ("grant_uses_kept", "DELETE ON grant_uses", "1", "a use of a grant is never taken back"),
    ("grant_uses_fixed", "UPDATE ON grant_uses", "1", "a use of a grant never changes"),
    (
        "grant_uses_covered",
        "INSERT ON grant_uses",
        f"{_USE_THERE} OR NOT {_COVERED}",
        "the grant does not cover this charge",
    ),
)

VERSION_3 = (
    """CREATE TABLE batches (
        seq INTEGER PRIMARY KEY,
        batch_id TEXT NOT NULL UNIQUE CHECK (batch_id <> ''),
        name TEXT NOT NULL,
        budget INTEGER CHECK (budget >= 0),
        max_parallel INTEGER NOT NULL CHECK (max_parallel > 0),
        created_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE batch_jobs (
        run_id TEXT PRIMARY KEY REFERENCES runs (run_id),
        batch_id TEXT NOT NULL REFERENCES batches (batch_id),
        position INTEGER NOT NULL CHECK (position > 0),
        label TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX batch_jobs_of_batch ON batch_jobs (batch_id, position)",
    """CREATE TABLE grants (
        seq INTEGER PRIMARY KEY,
        grant_id TEXT NOT NULL UNIQUE CHECK (grant_id <> ''),
        batch_id TEXT NOT NULL REFERENCES batches (batch_id),
        amount INTEGER NOT NULL CHECK (amount > 0),
        pods INTEGER NOT NULL CHECK (pods > 0),
        account TEXT NOT NULL,
        base_url TEXT NOT NULL,
        code TEXT NOT NULL CHECK (code <> ''),
        created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        until TEXT NOT NULL,
        wrong_tries INTEGER NOT NULL DEFAULT 0,
        decision TEXT CHECK (decision IN ('approved', 'denied', 'superseded')),
        decided_by TEXT NOT NULL DEFAULT '',
        decided_at TEXT,
        revoked_by TEXT NOT NULL DEFAULT '',
        revoked_at TEXT
    ) STRICT""",
    "CREATE INDEX grants_of_batch ON grants (batch_id, seq)",
    """CREATE TABLE grant_jobs (
        grant_id TEXT NOT NULL REFERENCES grants (grant_id),
        job_sha256 TEXT NOT NULL,
        PRIMARY KEY (grant_id, job_sha256)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE grant_uses (
        charge_id TEXT PRIMARY KEY REFERENCES charges (charge_id),
        grant_id TEXT NOT NULL REFERENCES grants (grant_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX grant_uses_of_grant ON grant_uses (grant_id)",
    *(refuse(*rule) for rule in _RULES),
)
