"""Version 7 of the spend log: other answers to an offer than yes and no. Another one instead; or yes to a whole run."""

from tools.spend_log.triggers import changed, refuse

_OPEN = (
    "EXISTS (SELECT 1 FROM charges c WHERE c.run_id = NEW.run_id AND c.settled_at IS NULL"
    " AND c.kind IN ('rent', 'start'))"
)

# The answer is written first, which the rules of approvals allow once, to a question that nobody has answered.
_ANSWERED = """EXISTS (
    SELECT 1 FROM approvals p JOIN attempts a ON a.run_id = p.run_id AND a.number = p.attempt
    WHERE p.run_id = NEW.run_id AND p.attempt = NEW.attempt AND a.outcome = '' AND p.charge_id IS NULL
    AND p.decision = '<DECISION>' AND p.decided_by = NEW.<BY> AND p.decided_at = NEW.<AT>
    AND NEW.<AT> < p.expires_at)"""


def _answered(decision: str, by: str, at: str) -> str:
    return _ANSWERED.replace("<DECISION>", decision).replace("<BY>", by).replace("<AT>", at)


_USES = (
    "FROM run_grant_uses u JOIN charges c ON c.charge_id = u.charge_id"
    " WHERE u.grant_id = NEW.grant_id AND c.state <> 'released'"
)
_COVERED = f"""EXISTS (
    SELECT 1 FROM run_grants g JOIN charges c ON c.charge_id = NEW.charge_id JOIN runs r ON r.run_id = c.run_id
    WHERE g.grant_id = NEW.grant_id AND g.revoked_at IS NULL AND c.created_at < g.until
    AND c.state = 'held' AND c.kind = 'rent' AND c.rail = 'credits' AND c.account = g.account
    AND c.base_url = g.base_url AND c.run_id = g.run_id AND r.job_sha256 = g.job_sha256
    AND (SELECT coalesce(sum(c.amount), 0) {_USES}) + c.amount <= g.amount
    AND (SELECT count(*) {_USES}) < g.pods)"""  # noqa: S608 - made of constants

# INSERT OR REPLACE would delete the row in its way without a delete trigger: so nothing may be in the way.
_WISH_THERE = (
    "EXISTS (SELECT 1 FROM wishes w WHERE w.seq = NEW.seq OR (w.run_id = NEW.run_id AND w.attempt = NEW.attempt))"
)
_GRANT_THERE = (
    "EXISTS (SELECT 1 FROM run_grants g WHERE g.grant_id = NEW.grant_id OR g.seq = NEW.seq"
    " OR (g.run_id = NEW.run_id AND g.attempt = NEW.attempt))"
)
_USE_THERE = "EXISTS (SELECT 1 FROM run_grant_uses u WHERE u.charge_id = NEW.charge_id)"
_PAID_BESIDE = (
    "NEW.charge_id IS NOT NULL AND EXISTS (SELECT 1 FROM run_grants g WHERE g.run_id = NEW.run_id"
    " AND g.attempt = NEW.attempt AND NOT EXISTS (SELECT 1 FROM run_grant_uses u"
    " WHERE u.grant_id = g.grant_id AND u.charge_id = NEW.charge_id))"
)
_GRANT = (
    *("seq", "grant_id", "run_id", "attempt", "job_sha256", "amount", "pods", "account", "base_url", "until"),
    *("given_by", "given_at"),
)

_RULES = (
    ("wishes_kept", "DELETE ON wishes", "1", "a wish is never deleted"),
    ("wishes_fixed", "UPDATE ON wishes", "1", "a wish never changes"),
    (
        "wishes_asked",
        "INSERT ON wishes",
        f"{_WISH_THERE} OR {_OPEN} OR NOT {_answered('superseded', 'wished_by', 'wished_at')}",
        "a wish takes the place of an answer, once, while nothing may be paid",
    ),
    ("run_grants_kept", "DELETE ON run_grants", "1", "a grant is never deleted"),
    (
        "run_grants_given",
        "INSERT ON run_grants",
        f"NEW.revoked_at IS NOT NULL OR {_GRANT_THERE} OR NOT {_answered('approved', 'given_by', 'given_at')}",
        "a grant of a run is a yes to its offer",
    ),
    ("run_grants_identity", "UPDATE ON run_grants", changed(*_GRANT), "what a grant is for never changes"),
    (
        "run_grants_revoked",
        "UPDATE ON run_grants",
        f"OLD.revoked_at IS NOT NULL AND {changed('revoked_at', 'revoked_by')}",
        "a grant that was taken back stays so",
    ),
    ("run_grant_uses_kept", "DELETE ON run_grant_uses", "1", "a use of a grant is never taken back"),
    ("run_grant_uses_fixed", "UPDATE ON run_grant_uses", "1", "a use of a grant never changes"),
    (
        "run_grant_uses_covered",
        "INSERT ON run_grant_uses",
        f"{_USE_THERE} OR NOT {_COVERED}",
        "the grant does not cover this charge",
    ),
    ("approvals_granted", "UPDATE ON approvals", _PAID_BESIDE, "an offer that was granted is paid under its grant"),
)

VERSION_7 = (
    """CREATE TABLE wishes (
        seq INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        rail TEXT CHECK (rail IN ('credits', 'stripe')),
        hours INTEGER CHECK (hours > 0),
        wished_by TEXT NOT NULL,
        wished_at TEXT NOT NULL,
        UNIQUE (run_id, attempt),
        FOREIGN KEY (run_id, attempt) REFERENCES attempts (run_id, number),
        CHECK (rail IS NOT NULL OR hours IS NOT NULL)
    ) STRICT""",
    """CREATE TABLE run_grants (
        seq INTEGER PRIMARY KEY,
        grant_id TEXT NOT NULL UNIQUE CHECK (grant_id <> ''),
        run_id TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        job_sha256 TEXT NOT NULL,
        amount INTEGER NOT NULL CHECK (amount > 0),
        pods INTEGER NOT NULL CHECK (pods > 0),
        account TEXT NOT NULL,
        base_url TEXT NOT NULL,
        until TEXT NOT NULL,
        given_by TEXT NOT NULL,
        given_at TEXT NOT NULL,
        revoked_by TEXT NOT NULL DEFAULT '',
        revoked_at TEXT,
        UNIQUE (run_id, attempt),
        FOREIGN KEY (run_id, attempt) REFERENCES attempts (run_id, number)
    ) STRICT""",
    """CREATE TABLE run_grant_uses (
        charge_id TEXT PRIMARY KEY REFERENCES charges (charge_id),
        grant_id TEXT NOT NULL REFERENCES run_grants (grant_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX run_grant_uses_of_grant ON run_grant_uses (grant_id)",
    *(refuse(*rule) for rule in _RULES),
)
