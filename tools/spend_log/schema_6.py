"""Version 6 of the spend log: schedules, what came of each of their nights, and grants that stand for many nights."""

from tools.spend_log.triggers import changed, refuse

_DRAWS = "FROM grant_draws d WHERE d.standing_id = NEW.standing_id"
_COVERED = f"""EXISTS (
    SELECT 1 FROM standing_grants s JOIN grants g ON g.grant_id = NEW.grant_id
    JOIN nights n ON n.batch_id = g.batch_id AND n.schedule_id = s.schedule_id
    WHERE s.grant_id = NEW.standing_id AND s.decision = 'approved' AND s.revoked_at IS NULL
    AND g.created_at < s.until AND g.until <= s.until AND g.amount <= s.amount AND g.pods <= s.pods
    AND g.account = s.account AND g.base_url = s.base_url AND g.decision IS NULL
    AND (SELECT count(*) {_DRAWS}) < s.nights)"""  # noqa: S608 - made of constants

# INSERT OR REPLACE would delete the row in its way without a delete trigger: so nothing may be in the way.
_SCHEDULE_THERE = "EXISTS (SELECT 1 FROM schedules s WHERE s.schedule_id = NEW.schedule_id OR s.seq = NEW.seq)"
_NIGHT_THERE = (
    "EXISTS (SELECT 1 FROM nights n WHERE (n.schedule_id = NEW.schedule_id AND n.night = NEW.night)"
    " OR n.batch_id = NEW.batch_id)"
)
_STANDING_THERE = "EXISTS (SELECT 1 FROM standing_grants s WHERE s.grant_id = NEW.grant_id OR s.seq = NEW.seq)"
_DRAW_THERE = "EXISTS (SELECT 1 FROM grant_draws d WHERE d.grant_id = NEW.grant_id)"
_RESTS = (
    "EXISTS (SELECT 1 FROM schedules s WHERE s.schedule_id = NEW.schedule_id"
    " AND (s.paused_at IS NOT NULL OR s.removed_at IS NOT NULL))"
)
_SCHEDULE = (
    *("seq", "schedule_id", "name", "cron", "timezone", "sources", "ignored", "budget", "ceiling", "max_parallel"),
    *("outputs", "catch_up", "home", "created_at"),
)
_STANDING = (
    *("seq", "grant_id", "schedule_id", "amount", "pods", "nights", "account", "base_url", "code", "created_at"),
    *("expires_at", "until"),
)


_RULES = (
    ("schedules_kept", "DELETE ON schedules", "1", "a schedule is never deleted"),
    ("schedules_added", "INSERT ON schedules", _SCHEDULE_THERE, "a schedule is added once"),
    ("schedules_fixed", "UPDATE ON schedules", changed(*_SCHEDULE), "what a schedule runs never changes"),
    (
        "schedules_removed",
        "UPDATE ON schedules",
        f"OLD.removed_at IS NOT NULL AND {changed('removed_at', 'paused_at', 'counts_from')}",
        "a schedule that was removed stays so",
    ),
    ("nights_kept", "DELETE ON nights", "1", "what came of a night is never deleted"),
    ("nights_fixed", "UPDATE ON nights", "1", "what came of a night never changes"),
    ("nights_once", "INSERT ON nights", _NIGHT_THERE, "a night comes once"),
    ("nights_wanted", "INSERT ON nights", f"NEW.came = 'begun' AND {_RESTS}", "the schedule rests"),
    ("standing_grants_kept", "DELETE ON standing_grants", "1", "a grant is never deleted"),
    (
        "standing_grants_asked",
        "INSERT ON standing_grants",
        f"NEW.decision IS NOT NULL OR NEW.revoked_at IS NOT NULL OR {_STANDING_THERE}",
        "a grant begins as a question",
    ),
    (
        "standing_grants_identity",
        "UPDATE ON standing_grants",
        changed(*_STANDING),
        "what a grant is for never changes",
    ),
    (
        "standing_grants_decided",
        "UPDATE ON standing_grants",
        "OLD.decision IS NOT NULL AND NEW.decision IS NOT OLD.decision",
        "a grant is decided once",
    ),
    (
        "standing_grants_revoked",
        "UPDATE ON standing_grants",
        f"OLD.revoked_at IS NOT NULL AND {changed('revoked_at', 'revoked_by')}",
        "a grant that was taken back stays so",
    ),
    ("standing_work_kept", "DELETE ON standing_work", "1", "what a grant covers never changes"),
    ("standing_work_fixed", "UPDATE ON standing_work", "1", "what a grant covers never changes"),
    (
        "standing_work_asked",
        "INSERT ON standing_work",
        "EXISTS (SELECT 1 FROM standing_grants s WHERE s.grant_id = NEW.grant_id AND s.decision IS NOT NULL)",
        "what a grant covers never changes",
    ),
    ("grant_draws_kept", "DELETE ON grant_draws", "1", "a night that was granted is never taken back"),
    ("grant_draws_fixed", "UPDATE ON grant_draws", "1", "a night that was granted never changes"),
    (
        "grant_draws_covered",
        "INSERT ON grant_draws",
        f"{_DRAW_THERE} OR NOT {_COVERED}",
        "the grant does not cover this night",
    ),
)

VERSION_6 = (
    """CREATE TABLE schedules (
        seq INTEGER PRIMARY KEY,
        schedule_id TEXT NOT NULL UNIQUE CHECK (schedule_id <> ''),
        name TEXT NOT NULL,
        cron TEXT NOT NULL,
        timezone TEXT NOT NULL,
        sources TEXT NOT NULL CHECK (json_valid(sources)),
        ignored TEXT NOT NULL CHECK (json_valid(ignored)),
        budget INTEGER CHECK (budget >= 0),
        ceiling INTEGER CHECK (ceiling >= 0),
        max_parallel INTEGER NOT NULL CHECK (max_parallel > 0),
        outputs TEXT NOT NULL,
        catch_up TEXT NOT NULL CHECK (catch_up IN ('none', 'last')),
        home TEXT NOT NULL,
        created_at TEXT NOT NULL,
        counts_from TEXT NOT NULL,
        paused_at TEXT,
        removed_at TEXT
    ) STRICT""",
    """CREATE TABLE nights (
        schedule_id TEXT NOT NULL REFERENCES schedules (schedule_id),
        night TEXT NOT NULL CHECK (night <> ''),
        due_at TEXT NOT NULL,
        at TEXT NOT NULL,
        came TEXT NOT NULL CHECK (came IN ('begun', 'skipped', 'missed', 'failed')),
        why TEXT NOT NULL,
        batch_id TEXT UNIQUE REFERENCES batches (batch_id),
        PRIMARY KEY (schedule_id, night),
        CHECK ((came = 'begun') = (batch_id IS NOT NULL))
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE standing_grants (
        seq INTEGER PRIMARY KEY,
        grant_id TEXT NOT NULL UNIQUE CHECK (grant_id <> ''),
        schedule_id TEXT NOT NULL REFERENCES schedules (schedule_id),
        amount INTEGER NOT NULL CHECK (amount > 0),
        pods INTEGER NOT NULL CHECK (pods > 0),
        nights INTEGER NOT NULL CHECK (nights > 0),
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
    "CREATE INDEX standing_grants_of_schedule ON standing_grants (schedule_id, seq)",
    """CREATE TABLE standing_work (
        grant_id TEXT NOT NULL REFERENCES standing_grants (grant_id),
        work_sha256 TEXT NOT NULL,
        PRIMARY KEY (grant_id, work_sha256)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE grant_draws (
        grant_id TEXT PRIMARY KEY REFERENCES grants (grant_id),
        standing_id TEXT NOT NULL REFERENCES standing_grants (grant_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX grant_draws_of_standing ON grant_draws (standing_id)",
    *(refuse(*rule) for rule in _RULES),
)
