"""What a sweep does with a run that has not ended and that nobody drives, from what can be seen of it (law 7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from policies.order import Phase

ABANDONED_FOR = timedelta(hours=24)
"""How long a driver's lease must have been expired for its job to be stopped though hours are left: nobody comes back
for it, and results that nobody fetches are better here than on a pod.
"""

NEVER_STARTED_FOR = timedelta(minutes=10)
"""How long nobody may have driven a run whose pod waits for its job: whoever was to start it is not coming."""

ON_THE_WAY_HOME = frozenset({"collect", "terminate", "diagnose", "report"})
"""Steps after which nothing is done but to bring the run home."""


class JobSeen(StrEnum):
    """What a pod says of the run's job."""

    NOT_STARTED = "not started"
    RUNNING = "running"
    ENDED = "ended"
    UNSEEN = "unseen"
    """It was started, and the pod does not answer."""


@dataclass(frozen=True, slots=True)
class PodSeen:
    """The pod of a run.

    Attributes:
        paid_at: when the pod was paid for.
        deploy_until: when a pod that is not up is given up.
        stop_job_at: when a job is stopped for its outputs to be here before the paid hours end.
    """

    phase: Phase
    job: JobSeen
    paid_at: datetime
    deploy_until: datetime
    stop_job_at: datetime


@dataclass(frozen=True, slots=True)
class Undriven:
    """A run that has not ended and that nobody drives.

    Attributes:
        step: the node it stands at, "" before its first.
        driven_at: when somebody last drove it.
        lease_expired_at: of a lease that its driver never gave back; None where there is none.
        pod: None where nothing is rented for it.
    """

    step: str
    cancelled: bool
    driven_at: datetime
    lease_expired_at: datetime | None
    pod: PodSeen | None


@dataclass(frozen=True, slots=True)
class BringHome:
    """Drive it: stop its job, collect, end the pod, report; nothing is bought."""

    why: str


@dataclass(frozen=True, slots=True)
class WindUp:
    """Cancel it and drive it: its job never started, so that there is nothing to collect."""

    why: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave it as it is."""

    why: str


def what_to_do(run: Undriven, now: datetime) -> BringHome | WindUp | Leave:
    """The rule; a run without a pod is never driven anywhere but home, since a sweep buys nothing."""
    if run.pod is None:
        if run.step in ON_THE_WAY_HOME:
            return BringHome("its pod is gone, only the report is missing")
        return BringHome("it was cancelled") if run.cancelled else Leave("nothing is rented for it")
    if run.cancelled:
        return BringHome("it was cancelled")
    if run.pod.phase == "gone":
        return BringHome("its pod is gone")
    if run.pod.job is JobSeen.NOT_STARTED:
        return _never_started(run, run.pod, now)
    return _started(run, run.pod, now)


def _started(run: Undriven, pod: PodSeen, now: datetime) -> BringHome | Leave:
    if pod.phase == "stopped":
        return BringHome("its pod is stopped")
    if now >= pod.stop_job_at:
        return BringHome("its paid hours are nearly over")
    if run.step in ON_THE_WAY_HOME and (run.step != "collect" or pod.job is not JobSeen.UNSEEN):
        return BringHome("its job was over when it was left")
    until = f"until {pod.stop_job_at:%Y-%m-%d %H:%M} UTC"
    match pod.job:
        case JobSeen.ENDED:
            return BringHome("its job has ended")
        case JobSeen.RUNNING if run.lease_expired_at is not None and now >= run.lease_expired_at + ABANDONED_FOR:
            return BringHome(f"nobody has driven it for {_hours(ABANDONED_FOR)} hours")
        case JobSeen.RUNNING:
            return Leave(f"its job runs, and may {until}")
        case _:
            return Leave(f"its pod does not answer; it is tried again {until}")


def _never_started(run: Undriven, pod: PodSeen, now: datetime) -> WindUp | Leave:
    if now >= pod.stop_job_at:
        return WindUp("its paid hours are nearly over, and its job was never started")
    if now < max(run.driven_at, pod.paid_at) + NEVER_STARTED_FOR:
        return Leave("its pod waits for the job, and somebody drove it a moment ago")
    if pod.phase == "pending":
        if now < pod.deploy_until:
            return Leave("its pod is coming up")
        return WindUp("its pod never came up")
    return WindUp("its job was never started")


def _hours(time: timedelta) -> int:
    return time // timedelta(hours=1)
