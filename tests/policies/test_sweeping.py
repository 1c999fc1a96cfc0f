"""What a sweep does with a run that nobody drives."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policies.order import Phase
from policies.sweeping import (
    ABANDONED_FOR,
    NEVER_STARTED_FOR,
    BringHome,
    JobSeen,
    Leave,
    PodSeen,
    Undriven,
    WindUp,
    what_to_do,
)

PAID = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

POD = PodSeen(
    phase="running",
    job=JobSeen.RUNNING,
    paid_at=PAID,
    deploy_until=PAID + 15 * MINUTE,
    stop_job_at=PAID + 50 * HOUR,
)
RUN = Undriven(step="run_job", cancelled=False, driven_at=PAID, lease_expired_at=PAID + MINUTE, pod=POD)


def run_with(**pod: object) -> Undriven:
    return replace(RUN, pod=replace(POD, **pod))  # type: ignore[arg-type]


def test_a_job_that_runs_is_left_running() -> None:
    """With paid hours left, and until when that is so is said."""
    move = what_to_do(RUN, PAID + 5 * HOUR)
    assert isinstance(move, Leave)
    assert "2026-04-01 14:00" in move.why


@pytest.mark.parametrize("job", [JobSeen.RUNNING, JobSeen.UNSEEN, JobSeen.ENDED])
def test_near_the_end_of_the_paid_hours_it_comes_home(job: JobSeen) -> None:
    """Seen or not: afterwards the pod may vanish, or bill on."""
    early = replace(run_with(job=job), lease_expired_at=None)
    assert isinstance(what_to_do(early, POD.stop_job_at), BringHome)
    if job is not JobSeen.ENDED:
        assert isinstance(what_to_do(early, POD.stop_job_at - MINUTE), Leave)


def test_a_job_that_has_ended_comes_home_at_once() -> None:
    """Nobody is there to fetch what it left."""
    assert isinstance(what_to_do(run_with(job=JobSeen.ENDED), PAID + MINUTE), BringHome)


def test_a_driver_that_died_a_day_ago_is_not_waited_for() -> None:
    """Not a minute earlier, and not where the driver gave its lease back: it was told to leave the run."""
    over = PAID + MINUTE + ABANDONED_FOR
    assert isinstance(what_to_do(RUN, over), BringHome)
    assert isinstance(what_to_do(RUN, over - MINUTE), Leave)
    assert isinstance(what_to_do(replace(RUN, lease_expired_at=None), over), Leave)


def test_a_pod_that_does_not_answer_is_no_reason_to_lose_a_job() -> None:
    """However long nobody has driven it, until near the end of its paid hours."""
    assert isinstance(what_to_do(run_with(job=JobSeen.UNSEEN), PAID + 49 * HOUR), Leave)


def test_a_job_that_was_never_started_is_wound_up() -> None:
    """Once nobody has driven it for a while, counted from the payment where that came later."""
    waiting = run_with(job=JobSeen.NOT_STARTED)
    assert isinstance(what_to_do(waiting, PAID + NEVER_STARTED_FOR), WindUp)
    assert isinstance(what_to_do(waiting, PAID + NEVER_STARTED_FOR - MINUTE), Leave)
    driven = replace(waiting, driven_at=PAID + HOUR)
    assert isinstance(what_to_do(driven, PAID + HOUR + MINUTE), Leave)
    paid_late = run_with(job=JobSeen.NOT_STARTED, paid_at=PAID + HOUR)
    assert isinstance(what_to_do(paid_late, PAID + HOUR + MINUTE), Leave)


def test_a_pod_that_comes_up_has_its_time() -> None:
    """Until `deploy_minutes` are over."""
    coming = run_with(job=JobSeen.NOT_STARTED, phase="pending")
    assert isinstance(what_to_do(coming, PAID + 14 * MINUTE), Leave)
    assert isinstance(what_to_do(coming, PAID + 15 * MINUTE), WindUp)


def test_near_its_end_a_pod_without_a_job_is_wound_up() -> None:
    """Even if somebody drove it a moment ago: there is no time left for a job."""
    just_driven = replace(run_with(job=JobSeen.NOT_STARTED), driven_at=POD.stop_job_at)
    assert isinstance(what_to_do(just_driven, POD.stop_job_at), WindUp)


@pytest.mark.parametrize("phase", ["gone", "stopped"])
def test_a_pod_that_is_gone_or_stopped_has_nothing_to_wait_for(phase: Phase) -> None:
    """Its run is brought home."""
    assert isinstance(what_to_do(run_with(phase=phase, job=JobSeen.UNSEEN), PAID + MINUTE), BringHome)


def test_a_cancelled_run_comes_home() -> None:
    """With a pod or without."""
    assert isinstance(what_to_do(replace(RUN, cancelled=True), PAID), BringHome)
    assert isinstance(what_to_do(replace(RUN, cancelled=True, pod=None, step="escalate"), PAID), BringHome)


@pytest.mark.parametrize("step", ["", "pick", "escalate", "pay"])
def test_a_run_without_a_pod_is_left_to_its_human(step: str) -> None:
    """It costs nothing, and a sweep buys nothing."""
    assert isinstance(what_to_do(replace(RUN, pod=None, step=step), PAID + 1000 * HOUR), Leave)


@pytest.mark.parametrize("step", ["collect", "terminate", "diagnose", "report"])
def test_a_run_on_its_way_home_gets_there(step: str) -> None:
    """Whether its pod is there still or gone; but what is on a pod that does not answer is not given up early."""
    assert isinstance(what_to_do(replace(RUN, pod=None, step=step), PAID), BringHome)
    assert isinstance(what_to_do(replace(RUN, step=step), PAID), BringHome)
    unseen = what_to_do(replace(run_with(job=JobSeen.UNSEEN), step=step), PAID)
    assert isinstance(unseen, Leave if step == "collect" else BringHome)
