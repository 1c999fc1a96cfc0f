"""What each rule of the spend log is there to refuse, in PostgreSQL's words, on the log of `test_postgres_rules`."""

from collections.abc import Mapping

from tests.tools.spend_log.things import ORDER

_COPY_OF_PAID = (
    "INSERT INTO charges SELECT {seq}, {id}, run_id, {attempt}, {kind}, rail, gpu_id, hours, 1, {state}, account,"
    " base_url, auto, '', NULL, NULL, 0, '', created_at, NULL, {settled} FROM charges"
    " WHERE charge_id = 'charge-is-paid'"
)
_SECOND_OF_A_RUN = (
    "INSERT INTO charges SELECT 99, 'x', run_id, 9, 'start', rail, gpu_id, hours, 1, 'held', account, base_url, auto,"
    " '', NULL, NULL, 0, '', created_at, NULL, NULL FROM charges WHERE charge_id = 'charge-is-held'"
)
_COPY_OF_QUESTION = (
    "INSERT INTO approvals SELECT {}, run_id, {}, offer, code, created_at, expires_at, 0, {}, '', NULL, NULL"
    " FROM approvals WHERE approval_id = 'asked/1'"
)
_EVENT = "INSERT INTO events SELECT {}, at, run_id, charge_id, kind, body, {}, hash FROM events WHERE seq = 1"
_GRANT = (
    "INSERT INTO grants (grant_id, batch_id, amount, pods, account, base_url, code, created_at, expires_at, until,"
    " decision)"
    " SELECT {}, batch_id, amount, pods, account, base_url, code, created_at, expires_at, until, {}"
    " FROM grants WHERE grant_id = 'gra-1'"
)
_STANDING_COLUMNS = "schedule_id, amount, pods, nights, account, base_url, code, created_at, expires_at, until"
_STANDING = (
    f"INSERT INTO standing_grants (grant_id, {_STANDING_COLUMNS}, {{}})"
    f" SELECT {{}}, {_STANDING_COLUMNS}, {{}} FROM standing_grants WHERE grant_id = 'sta-1'"
)
_NIGHT = "INSERT INTO nights SELECT {}, {}, due_at, at, came, why, {} FROM nights WHERE batch_id = 'bat-11'"
_HELD = (
    "INSERT INTO charges SELECT 98, 'y', '{}', 1, 'rent', rail, gpu_id, hours, 1, 'held', account, base_url, auto,"
    " '', NULL, NULL, 0, '', created_at, NULL, NULL FROM charges WHERE charge_id = 'charge-is-held'; "
)
_WISH = (
    "INSERT INTO wishes (run_id, attempt, hours, wished_by, wished_at)"
    " SELECT run_id, attempt, 2, decided_by, coalesce(decided_at, created_at) FROM approvals WHERE approval_id = '{}/1'"
)
_PUT_ASIDE = "UPDATE approvals SET decision = 'superseded' WHERE approval_id = 'allowed/1'; "
_RUN_GRANT_COLUMNS = "job_sha256, amount, pods, account, base_url, until"
_RUN_GRANT = (
    f"INSERT INTO run_grants (grant_id, run_id, attempt, {_RUN_GRANT_COLUMNS}, given_by, given_at, revoked_at)"
    " SELECT 'x', a.run_id, a.attempt, g.job_sha256, g.amount, g.pods, g.account, g.base_url, g.until, a.decided_by,"
    " coalesce(a.decided_at, a.created_at), {} FROM approvals a, run_grants g"
    " WHERE a.approval_id = '{}/1' AND g.grant_id = 'gra-given'"
)
_LAST_HASH = "(SELECT hash FROM events ORDER BY seq DESC LIMIT 1)"


def _paid(**changes: str) -> str:
    """Another row made from the paid one; a top-up, if nothing else is said."""
    fields = {"seq": "99", "id": "'x'", "attempt": "9", "kind": "'found'", "state": "'topup'", "settled": "settled_at"}
    return _COPY_OF_PAID.format(**fields | changes)


def _charge(name: str, *changes: str) -> tuple[str, ...]:
    return tuple(f"UPDATE charges SET {change} WHERE charge_id = 'charge-{name}'" for change in changes)


def _approval(name: str, *changes: str) -> tuple[str, ...]:
    return tuple(f"UPDATE approvals SET {change} WHERE approval_id = '{name}/1'" for change in changes)


def _grant(name: str, *changes: str) -> tuple[str, ...]:
    return tuple(f"UPDATE grants SET {change} WHERE grant_id = '{name}'" for change in changes)


def _standing(name: str, *changes: str) -> tuple[str, ...]:
    return tuple(f"UPDATE standing_grants SET {change} WHERE grant_id = '{name}'" for change in changes)


def _run_grant(name: str, *changes: str) -> tuple[str, ...]:
    return tuple(f"UPDATE run_grants SET {change} WHERE grant_id = '{name}'" for change in changes)


def _schedule(name: str, *changes: str) -> tuple[str, ...]:
    return tuple(f"UPDATE schedules SET {change} WHERE schedule_id = '{name}'" for change in changes)


def _run(name: str, *changes: str) -> tuple[str, ...]:
    return tuple(f"UPDATE runs SET {change} WHERE run_id = '{name}'" for change in changes)


_BASELINE = ("balance_before = 1", "total_spent_before = 1", "submitted_at = 'x'")

ILLEGAL: Mapping[str, tuple[str, ...]] = {
    "charges_born": (_paid(state="'paid'"), _paid(settled="NULL")),
    "charges_inserted_once": (
        _paid(id="'charge-is-held'"),
        _paid(seq="1") + " ON CONFLICT DO NOTHING",
        _paid(id="'charge-is-held'") + " ON CONFLICT (charge_id) DO UPDATE SET amount = 1",
    ),
    "charges_kept": ("DELETE FROM charges", "TRUNCATE charges CASCADE"),
    "charges_final": _charge("is-paid", "note = note", "amount = amount"),
    "charges_move": _charge("is-held", "state = 'paid', settled_at = created_at", "settled_at = created_at"),
    "charges_identity": _charge(
        "is-held",
        *("charge_id = 'x'", "run_id = NULL", "run_id = 'over'", "attempt = 2", "kind = 'storage'", "rail = 'stripe'"),
        *("gpu_id = 'H100'", "hours = 4", "account = 'x'", "base_url = 'x'", "auto = 0", "created_at = 'x'"),
        "seq = 99",
    ),
    "charges_amount": (
        *_charge("is-held", "amount = 1", "amount = 148", "state = 'released', settled_at = created_at, amount = 1"),
        *_charge("is-accruing", "amount = 1"),
    ),
    "charges_order": _charge("is-awaiting_payment", "order_id = 'HOG-other'", "order_id = ''"),
    "charges_baseline": (*_charge("is-held", *_BASELINE), *_charge("is-submitting", *_BASELINE)),
    "charges_late": _charge("is-held", "late = 1"),
    "charges_not_replaced": (_SECOND_OF_A_RUN, _paid(attempt="attempt", kind="'rent'", state="'orphaned'")),
    "charges_one_flight": _charge("waiting", "state = 'submitting'"),
    "approvals_kept": ("DELETE FROM approvals", "TRUNCATE approvals"),
    "approvals_asked": (
        _COPY_OF_QUESTION.format("'x'", "1", "NULL"),
        _COPY_OF_QUESTION.format("approval_id", "2", "NULL"),
        _COPY_OF_QUESTION.format("'x'", "2", "'approved'"),
    ),
    "approvals_used": _approval("used", "charge_id = NULL", "wrong_tries = 0", "decided_by = 'x'"),
    "approvals_identity": _approval(
        "asked",
        *("approval_id = 'x'", "run_id = 'over'", "attempt = 2", "offer = '{}'", "code = 'x'", "created_at = 'x'"),
        "expires_at = '2099-01-01'",
    ),
    "approvals_decided": _approval("allowed", "decision = 'denied'", "decision = NULL"),
    "approvals_consumed": (
        *_approval("allowed", "charge_id = 'charge-is-held'"),
        *_approval("asked", "decision = 'approved', charge_id = 'charge-is-held'"),
    ),
    "events_kept": ("DELETE FROM events", "TRUNCATE events"),
    "events_fixed": ("UPDATE events SET kind = kind", "UPDATE events SET body = '{}' WHERE seq = 1"),
    "events_chained": (
        _EVENT.format("(SELECT max(seq) + 1 FROM events)", "hash"),
        _EVENT.format("(SELECT max(seq) + 2 FROM events)", _LAST_HASH),
        _EVENT.format("1", "prev_hash"),
    ),
    "answers_kept": ("DELETE FROM answers", "TRUNCATE answers"),
    "answers_fixed": ("UPDATE answers SET body = ''::bytea",),
    "runs_kept": ("DELETE FROM runs", "TRUNCATE runs CASCADE"),
    "runs_identity": _run(
        "is-held", "ceiling = 100000", "job_json = '{}'", "run_id = 'x'", "job_sha256 = 'x'", "seq = 99"
    ),
    "runs_ended": _run("over", "status = 'active', ended_at = NULL", "code = 0"),
    "attempts_kept": ("DELETE FROM attempts", "TRUNCATE attempts CASCADE"),
    "attempts_fixed": ("UPDATE attempts SET offer = '{}' WHERE run_id = 'is-held'",),
    "orders_kept": ("DELETE FROM orders", "TRUNCATE orders CASCADE"),
    "orders_identity": tuple(
        f"UPDATE orders SET {change} WHERE order_id = '{ORDER}'"
        for change in ("order_id = 'x'", "host_key = 'x'", "first_status = 'x'", "run_id = 'is-held'")
    ),
    "batches_kept": ("DELETE FROM batches", "TRUNCATE batches CASCADE"),
    "batches_fixed": ("UPDATE batches SET budget = 999999",),
    "batches_added": ("INSERT INTO batches SELECT * FROM batches ON CONFLICT DO NOTHING",),
    "batch_jobs_kept": ("DELETE FROM batch_jobs", "TRUNCATE batch_jobs"),
    "batch_jobs_fixed": ("UPDATE batch_jobs SET position = 9",),
    "batch_jobs_added": ("INSERT INTO batch_jobs SELECT * FROM batch_jobs ON CONFLICT DO NOTHING",),
    "grants_kept": ("DELETE FROM grants", "TRUNCATE grants CASCADE"),
    "grants_asked": (_GRANT.format("'gra-9'", "decision"), _GRANT.format("grant_id", "NULL")),
    "grants_decided": _grant("gra-1", "decision = 'denied'", "decision = NULL"),
    "grants_identity": _grant(
        "gra-1",
        *("grant_id = 'x'", "amount = 999999", "pods = 99", "account = 'x'", "base_url = 'x'", "code = 'x'"),
        *("created_at = 'x'", "expires_at = 'x'", "until = 'x'"),
    ),
    "grants_revoked": _grant("gra-2", "revoked_at = NULL", "revoked_by = 'x'"),
    "grant_jobs_kept": ("DELETE FROM grant_jobs", "TRUNCATE grant_jobs"),
    "grant_jobs_fixed": ("UPDATE grant_jobs SET job_sha256 = 'b'",),
    "grant_jobs_asked": ("INSERT INTO grant_jobs (grant_id, job_sha256) VALUES ('gra-1', 'b')",),
    "grant_uses_kept": ("DELETE FROM grant_uses", "TRUNCATE grant_uses"),
    "grant_uses_fixed": ("UPDATE grant_uses SET grant_id = grant_id",),
    "grant_uses_covered": (
        "INSERT INTO grant_uses SELECT * FROM grant_uses ON CONFLICT DO NOTHING",
        "INSERT INTO grant_uses (charge_id, grant_id) VALUES ('charge-waiting', 'gra-1')",
    ),
    "run_homes_kept": ("DELETE FROM run_homes", "TRUNCATE run_homes"),
    "run_homes_fixed": ("UPDATE run_homes SET home = 'home-b'",),
    "run_homes_added": (
        "INSERT INTO run_homes SELECT * FROM run_homes ON CONFLICT DO NOTHING",
        "INSERT INTO run_homes (run_id, home) VALUES ('over', 'home-b')",
    ),
    "schedules_kept": ("DELETE FROM schedules", "TRUNCATE schedules CASCADE"),
    "schedules_added": (
        "INSERT INTO schedules SELECT * FROM schedules WHERE true ON CONFLICT DO NOTHING",
        "INSERT INTO schedules SELECT * FROM schedules WHERE true ON CONFLICT (schedule_id) DO UPDATE SET budget = 9",
    ),
    "schedules_fixed": _schedule(
        "sch-1",
        *("schedule_id = 'x'", "seq = 99", "name = 'x'", "cron = 'x'", "timezone = 'x'", "sources = '[]'"),
        *("ignored = '[]'", "budget = 999999", "ceiling = 1", "max_parallel = 99", "outputs = 'x'"),
        *("catch_up = 'none'", "home = 'x'", "created_at = 'x'"),
    ),
    "schedules_removed": _schedule(
        "sch-gone", "removed_at = NULL", "removed_at = 'x'", "paused_at = 'x'", "counts_from = 'x'"
    ),
    "nights_kept": ("DELETE FROM nights", "TRUNCATE nights"),
    "nights_fixed": ("UPDATE nights SET why = why", "UPDATE nights SET came = 'failed', batch_id = NULL"),
    "nights_once": (
        "INSERT INTO nights SELECT * FROM nights WHERE true ON CONFLICT DO NOTHING",
        _NIGHT.format("schedule_id", "'another'", "batch_id"),
        _NIGHT.format("schedule_id", "night", "'bat-1'"),
    ),
    "nights_wanted": tuple(_NIGHT.format(f"'{name}'", "'x'", "'bat-1'") for name in ("sch-paused", "sch-gone")),
    "standing_grants_kept": ("DELETE FROM standing_grants", "TRUNCATE standing_grants CASCADE"),
    "standing_grants_asked": (
        _STANDING.format("decision", "'sta-9'", "decision"),
        _STANDING.format("revoked_at", "'sta-9'", "'x'"),
        _STANDING.format("decision", "grant_id", "NULL"),
    ),
    "standing_grants_decided": _standing("sta-1", "decision = 'denied'", "decision = NULL"),
    "standing_grants_identity": _standing(
        "sta-1",
        *("grant_id = 'x'", "schedule_id = 'sch-paused'", "amount = 999999", "pods = 99", "nights = 99"),
        *("account = 'x'", "base_url = 'x'", "code = 'x'", "created_at = 'x'", "expires_at = 'x'", "until = 'x'"),
        "seq = 99",
    ),
    "standing_grants_revoked": _standing("sta-0", "revoked_at = NULL", "revoked_by = 'x'"),
    "standing_work_kept": ("DELETE FROM standing_work", "TRUNCATE standing_work"),
    "standing_work_fixed": ("UPDATE standing_work SET work_sha256 = work_sha256 || 'b'",),
    "standing_work_asked": ("INSERT INTO standing_work (grant_id, work_sha256) VALUES ('sta-1', 'b')",),
    "grant_draws_kept": ("DELETE FROM grant_draws", "TRUNCATE grant_draws"),
    "grant_draws_fixed": ("UPDATE grant_draws SET standing_id = standing_id",),
    "grant_draws_covered": (
        "INSERT INTO grant_draws SELECT * FROM grant_draws WHERE true ON CONFLICT DO NOTHING",
        "INSERT INTO grant_draws (grant_id, standing_id) VALUES ('gra-1', 'sta-1')",
    ),
    "wishes_kept": ("DELETE FROM wishes", "TRUNCATE wishes"),
    "wishes_fixed": ("UPDATE wishes SET hours = hours", "UPDATE wishes SET rail = 'credits'"),
    "wishes_asked": (
        "INSERT INTO wishes SELECT * FROM wishes WHERE true ON CONFLICT DO NOTHING",
        *(_WISH.format(name) for name in ("asked", "allowed", "used", "wishing")),
        _HELD.format("allowed") + _PUT_ASIDE + _WISH.format("allowed"),
    ),
    "run_grants_kept": ("DELETE FROM run_grants", "TRUNCATE run_grants CASCADE"),
    "run_grants_given": (
        "INSERT INTO run_grants SELECT * FROM run_grants WHERE true ON CONFLICT DO NOTHING",
        *(_RUN_GRANT.format("NULL", name) for name in ("asked", "used", "wishing", "given")),
        _RUN_GRANT.format("'x'", "allowed"),
    ),
    "run_grants_identity": _run_grant(
        "gra-given",
        *("seq = 99", "grant_id = 'x'", "run_id = 'asked'", "attempt = 2", "job_sha256 = 'b'", "amount = 999999"),
        *("pods = 99", "account = 'x'", "base_url = 'x'", "until = 'x'", "given_by = 'x'", "given_at = 'x'"),
    ),
    "run_grants_revoked": _run_grant("gra-taken", "revoked_at = NULL", "revoked_by = 'x'"),
    "run_grant_uses_kept": ("DELETE FROM run_grant_uses", "TRUNCATE run_grant_uses"),
    "run_grant_uses_fixed": ("UPDATE run_grant_uses SET grant_id = 'gra-taken'",),
    "run_grant_uses_covered": (
        "INSERT INTO run_grant_uses SELECT * FROM run_grant_uses WHERE true ON CONFLICT DO NOTHING",
        "INSERT INTO run_grant_uses (charge_id, grant_id) VALUES ('charge-waiting', 'gra-given')",
        _HELD.format("taken") + "INSERT INTO run_grant_uses (charge_id, grant_id) VALUES ('y', 'gra-taken')",
    ),
    "approvals_granted": (
        _HELD.format("taken") + "UPDATE approvals SET charge_id = 'y' WHERE approval_id = 'taken/1'",
    ),
    "run_works_kept": ("DELETE FROM run_works", "TRUNCATE run_works"),
    "run_works_fixed": ("UPDATE run_works SET sha256 = sha256",),
    "run_works_added": (
        "INSERT INTO run_works SELECT * FROM run_works ON CONFLICT DO NOTHING",
        "INSERT INTO run_works (run_id, sha256) VALUES ('over', 'b') ON CONFLICT (run_id) DO UPDATE SET sha256 = 'b'",
    ),
    "peaks_kept": ("DELETE FROM peaks", "TRUNCATE peaks"),
    "peaks_added": ("INSERT INTO peaks SELECT * FROM peaks ON CONFLICT DO NOTHING",),
    "peaks_rise": (
        *(f"UPDATE peaks SET {figure} = {figure} - 1" for figure in ("memory_mib", "gpu_util", "mem_util")),
        *(f"UPDATE peaks SET {figure} = NULL" for figure in ("memory_mib", "gpu_util", "mem_util")),
        "UPDATE peaks SET order_id = (SELECT order_id FROM orders WHERE run_id = 'is-paid')",
    ),
    "peaks_ended": ("UPDATE peaks SET job_end = ''", "UPDATE peaks SET job_end = 'ran_out'"),
    "readings_kept": ("DELETE FROM readings", "TRUNCATE readings"),
    "readings_fixed": ("UPDATE readings SET spent = 0",),
}
"""Rule → statements that it, and no other rule of the same moment that comes before it by name, refuses."""
