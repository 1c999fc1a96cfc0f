"""A schedule as `schedule list --json` and `show SCHEDULE --json` print it, from the spend log alone."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from agent.result import timestamp
from policies.money import Cents, usd
from policies.timetable import BadTimetable, Timetable
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Decision
from tools.spend_log.schedule_rows import Night, Schedule, StandingGrant

NEXT_TIMES = 3
SHOWN_NIGHTS = 30


def schedule_result(log: SpendLog, schedule: Schedule, now: datetime, *, nights: int = 1) -> dict[str, object]:
    """The document of one schedule, with its last nights, the latest first."""
    return {
        "schedule_id": schedule.schedule_id,
        "name": schedule.name,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "sources": list(schedule.sources),
        "budget_usd": None if schedule.budget is None else usd(schedule.budget),
        "max_usd": None if schedule.ceiling is None else usd(schedule.ceiling),
        "max_parallel": schedule.max_parallel,
        "outputs_dir": schedule.outputs or None,
        "catch_up": schedule.catch_up.value,
        "state": state(schedule),
        "next": [timestamp(due) for due in next_times(schedule, now)],
        "grant": _grant(log, standing(log.standing_grants(schedule.schedule_id), now)),
        "nights": [_night(log, night) for night in log.nights(schedule.schedule_id, limit=nights)],
        "created_at": timestamp(schedule.created_at),
    }


def state(schedule: Schedule) -> str:
    """In a word."""
    if schedule.removed_at is not None:
        return "removed"
    return "paused" if schedule.paused_at is not None else "active"


def next_times(schedule: Schedule, now: datetime) -> list[datetime]:
    """When it is due next; never, while it rests, or where its time zone is not known any more."""
    if schedule.rests:
        return []
    try:
        return list(islice(Timetable(schedule.cron, schedule.timezone).after(now), NEXT_TIMES))
    except BadTimetable:
        return []


def standing(grants: Sequence[StandingGrant], now: datetime) -> StandingGrant | None:
    """The grant that its next night would draw upon."""
    valid = [one for one in grants if one.decision is Decision.APPROVED and one.revoked_at is None and now < one.until]
    return valid[-1] if valid else None


def _grant(log: SpendLog, grant: StandingGrant | None) -> dict[str, object] | None:
    if grant is None:
        return None
    return {
        "grant_id": grant.grant_id,
        "usd_per_night": usd(grant.amount),
        "nights": grant.nights,
        "used_nights": len(log.grants_of_nights(grant.grant_id)),
        "until": timestamp(grant.until),
    }


def _night(log: SpendLog, night: Night) -> dict[str, object]:
    spent = sum(log.totals(job.run_id).spent for job in log.batch_jobs(night.batch_id)) if night.batch_id else 0
    return {
        "night": night.night,
        "due_at": timestamp(night.due_at),
        "came": night.came.value,
        "why": night.why,
        "batch_id": night.batch_id or None,
        "spent_usd": usd(Cents(spent)),
    }
