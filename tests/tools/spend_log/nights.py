"""Schedules, their nights and the grants that stand for them, as the tests of the spend log need them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from policies.grant import NightTerms, Terms
from policies.money import Cents
from tests.tools.spend_log.things import CODE, HOUR, NOW, new_run
from tools.spend_log.batch_rows import Batch, BatchJob, NewGrant
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Decision, NewRun, RunStatus
from tools.spend_log.schedule_rows import CatchUp, NewNight, NewStandingGrant, Night, Schedule, StandingGrant

DAY = timedelta(days=1)
WORK = "d" * 64
"""Digest of what every run here does, unless something else is said."""

SCHEDULE = Schedule(
    schedule_id="sch-1",
    name="nightly",
    cron="0 13 * * *",
    timezone="Europe/Berlin",
    sources=("/home/me/jobs", "/home/me/sweep.yaml"),
    ignored=("priority",),
    budget=Cents(1000),
    ceiling=None,
    max_parallel=2,
    outputs="/home/me/nights",
    catch_up=CatchUp.LAST,
    home="home-1",
    created_at=NOW - DAY,
    counts_from=NOW - DAY,
)
TERMS = NightTerms(Terms(Cents(300), 2, "key-1", "https://gpuhog.com/api", NOW + 7 * DAY), nights=2)


def new_night(number: int, *runs: str | NewRun, **changes: Any) -> NewNight:
    """Of day `number`: batch `bat-NUMBER`, and `gra-NUMBER` should something stand granted."""
    batch = Batch(f"bat-{number}", "nightly", Cents(1000), 2, NOW)
    made = [run if isinstance(run, NewRun) else new_run(run) for run in runs]
    due = NOW + number * DAY
    night = NewNight(
        schedule_id="sch-1",
        night=f"{due:%Y-%m-%dT%H:%M}",
        due_at=due,
        batch=batch,
        jobs=[(run, BatchJob(run.run_id, batch.batch_id, place, run.run_id)) for place, run in enumerate(made, 1)],
        work={run.run_id: WORK for run in made},
        grant_id=f"gra-{number}",
        account="key-1",
        base_url="https://gpuhog.com/api",
        granted_until=NOW + DAY,
    )
    return replace(night, **changes)


def scheduled(log: SpendLog, schedule_id: str = "sch-1") -> None:
    log.add_schedule(replace(SCHEDULE, schedule_id=schedule_id))


def begin(log: SpendLog, number: int, *runs: str | NewRun, **changes: Any) -> Night:
    return log.begin_night(new_night(number, *runs, **changes), NOW)


def end(log: SpendLog, *run_ids: str) -> None:
    for run_id in run_ids:
        log.set_status(run_id, RunStatus.SUCCEEDED, NOW, reason="", code=0)


def ask_for_nights(log: SpendLog, terms: NightTerms = TERMS, grant_id: str = "sta-1") -> StandingGrant:
    new = NewStandingGrant(grant_id, "sch-1", terms, frozenset({WORK, "e" * 64}), CODE, NOW + HOUR)
    return log.ask_standing_grant(new, NOW)


def grant_nights(log: SpendLog, terms: NightTerms = TERMS, grant_id: str = "sta-1") -> StandingGrant:
    """Asked for, and said yes to."""
    ask_for_nights(log, terms, grant_id)
    answered = log.decide_standing_grant(grant_id, CODE, terms.total, Decision.APPROVED, "me", NOW)
    assert isinstance(answered, StandingGrant), answered
    return answered


def furnish_nights(log: SpendLog) -> None:
    """Schedules that go on and that rest, and grants: drawn upon, taken back, asked; `gra-12` may still be drawn."""
    for schedule_id in ("sch-1", "sch-2", "sch-paused", "sch-gone"):
        scheduled(log, schedule_id)
    log.pause_schedule("sch-paused", NOW)
    log.remove_schedule("sch-gone", NOW)
    grant_nights(log, grant_id="sta-0")
    grant_nights(log, replace(TERMS, nights=3))
    ask_for_nights(log, grant_id="sta-2")
    begin(log, 11, "night-1")
    end(log, "night-1")
    begin(log, 12, "night-2", work={"night-2": "f" * 64})
    log.ask_grant(NewGrant("gra-12", "bat-12", TERMS.each, CODE, NOW + HOUR), NOW)
    begin(log, 21, "night-of-another", schedule_id="sch-2")
