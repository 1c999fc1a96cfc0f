"""This machine's clock against those it is measured by: the provider's, and the database's that machines share."""

from collections.abc import Iterator
from datetime import timedelta

from agent.doctor.check import Check
from agent.doctor.patient import Patient
from agent.doctor.provider import NETWORK
from agent.errors import BadSettings
from tools.errors import StoreUnusable
from tools.gpuhog.survey import Survey

CLOCK_WARN = timedelta(seconds=30)
CLOCK_BAD = timedelta(minutes=5)
DATABASE_WARN = timedelta(seconds=5)

_NTP = "set the clock by NTP (`timedatectl set-ntp true`)"


def clock_check(survey: Survey) -> Check:
    """Ours against the provider's: the smallest difference counts, since a cache repeats old dates."""
    if all(seen.status == 0 for seen in survey.seen):
        return Check("clock", "warn", "not compared: the provider does not answer", NETWORK)
    told = [seen.ahead for seen in survey.seen if seen.ahead is not None]
    if not told:
        return Check(
            "clock", "warn", "the provider did not say what time it is", "compare this machine's clock by hand"
        )
    ahead = min(told, key=abs)
    remedy = f"{_NTP}: expiries and paid hours are computed from it"
    if abs(ahead) > CLOCK_BAD:
        return Check("clock", "bad", _apart(ahead, "the provider's"), remedy)
    if abs(ahead) > CLOCK_WARN:
        return Check("clock", "warn", _apart(ahead, "the provider's"), remedy)
    return Check("clock", "ok", "agrees with the provider's")


def database_clock_checks(patient: Patient) -> Iterator[Check]:
    """Ours against the one that all machines of a shared store can read; one that does not answer is the store's."""
    if patient.database_ahead is None:
        return
    try:
        ahead = patient.database_ahead()
    except (BadSettings, StoreUnusable):
        return
    if abs(ahead) <= DATABASE_WARN:
        yield Check("clock", "ok", "agrees with the database's")
        return
    remedy = f"{_NTP} on every machine, the server's too: by their clocks they tell whether a lease still holds"
    yield Check("clock", "warn", _apart(ahead, "the database's"), remedy)


def _apart(ahead: timedelta, whose: str) -> str:
    """In words; `ahead` is how much later it is there than here."""
    side = "behind" if ahead > timedelta(0) else "ahead of"
    return f"this machine's clock is {side} {whose} by {abs(ahead).total_seconds():.0f} s"
