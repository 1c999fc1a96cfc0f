"""One question for many nights: where a human would have to approve a schedule's orders, a grant asks ahead (law 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from agent.batch.consent import GRANTED_FOR, Expected, expect_jobs
from agent.parts import Parts
from agent.submit import BadJob, ReadJob, work_of
from agent.used_before import known_of
from policies.grant import NightTerms, Terms
from policies.money import Cents
from policies.offer import Rail
from policies.timetable import Timetable
from tools.spend_log.schedule_rows import NewStandingGrant, Schedule, StandingGrant


@dataclass(frozen=True, slots=True)
class Asked:
    """What a human is to say yes to.

    Attributes:
        per_night: None for the schedule's budget, or else for what its jobs are expected to cost now.
        until: None for a day after the last of the nights is due.
    """

    per_night: Cents | None
    nights: int
    until: datetime | None


async def expect_night(parts: Parts, schedule: Schedule, jobs: Sequence[ReadJob]) -> Expected:
    """What a night would cost now.

    Raises:
        MarketUnavailable, Refused, Malformed: the list of GPUs can't be read.
    """
    wanted = [(read.job, _lower(read.job.budget, schedule.ceiling), known_of(parts, read)) for read in jobs]
    return await expect_jobs(parts, wanted)


def needs_a_yes(parts: Parts, expected: Expected) -> bool:
    """Whether some order of a night would wait for a human."""
    payment = parts.policy.payment
    if not expected.fitting or payment.rails[:1] != (Rail.CREDITS,):
        return False
    return max(expected.fitting) > payment.auto_pay or expected.total > payment.auto_pay_per_day


def ask(parts: Parts, schedule: Schedule, jobs: Sequence[ReadJob], expected: Expected, asked: Asked) -> StandingGrant:
    """Ask for a yes to the work that a schedule's files say now; the answer is given like any other.

    Raises:
        BadJob: nothing can be granted; the message says why.
    """
    now = parts.clock.now()
    wanted = schedule.budget if asked.per_night is None else asked.per_night
    amount = expected.total if wanted is None else wanted
    until = asked.until or _end_of(schedule, asked.nights, now)
    if wanted is not None and wanted <= 0:
        raise BadJob("a night that may cost nothing needs no yes: name the dollars a night may cost")
    if amount <= 0:
        raise BadJob("no GPU on offer fits these jobs now, so nobody knows what a night costs: name the dollars it may")
    if until <= now:
        raise BadJob(f"the grant would be for nights until {until:%Y-%m-%d %H:%M} UTC, which is over: name a later day")
    if not parts.account:
        raise BadJob("a grant is for orders that are paid from credits: set GPUHOG_API_KEY")
    each = Terms(
        amount=amount,
        pods=len(jobs) * parts.policy.recovery.max_pods_per_run,
        account=parts.account,
        base_url=parts.base_url,
        until=until,
    )
    new = NewStandingGrant(
        grant_id=parts.new_id("grant"),
        schedule_id=schedule.schedule_id,
        terms=NightTerms(each, asked.nights),
        work=frozenset(work_of(read) for read in jobs),
        code=parts.new_code(),
        expires_at=now + timedelta(minutes=parts.policy.payment.approval_minutes),
    )
    return parts.log.ask_standing_grant(new, now)


def _end_of(schedule: Schedule, nights: int, now: datetime) -> datetime:
    """As long after the last of so many nights is due as any night's grant may pay; later ones are too many."""
    times = islice(Timetable(schedule.cron, schedule.timezone).after(now), nights)
    return max(times) + GRANTED_FOR


def _lower(first: Cents | None, second: Cents | None) -> Cents | None:
    known = [ceiling for ceiling in (first, second) if ceiling is not None]
    return min(known) if known else None
