"""What readings of an account's `total_spent` prove about a purchase in doubt (MONEY.md, states of a charge)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.charge import ChargeEvent, DebitFound, Released
from policies.money import Cents

SENDER_GIVEN_UP_AFTER = timedelta(hours=24)
"""A sender that can't be proven dead sends nothing any more after this."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One purchase in doubt.

    Attributes:
        spent_before: `total_spent` as read before it was sent, and our later purchases; None where nobody read it.
        alone: no other purchase on the account is in doubt, so that a rise has one candidate.
        sender_done: whoever sent it sends nothing any more: its call returned, or it is dead.
    """

    amount: Cents
    submitted_at: datetime
    spent_before: int | None
    alone: bool
    sender_done: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A reading of `total_spent`.

    Attributes:
        drift: cents by which it was above all we know of; None where that could not be told.
    """

    at: datetime
    spent: int
    drift: int | None

    def shows(self, rise: int, spent_before: int | None) -> bool:
        """Whether it is higher by exactly `rise` in both ways: than all we know of, and than right before.

        A debit that comes later than its settle window would make up for one that is missing in the one, not in both.
        """
        return self.drift == rise and spent_before is not None and self.spent - spent_before == rise


def judge_doubt(
    doubt: Doubt, readings: Sequence[Seen], now: datetime, *, settle_seconds: int, wanted: int
) -> ChargeEvent | None:
    """Released, found, or None: not proven either way (yet).

    Args:
        readings: since the purchase was submitted, oldest first.
        wanted: `reconcile.readings`, how many unchanged ones it takes.
    """
    done = doubt.sender_done or now >= doubt.submitted_at + SENDER_GIVEN_UP_AFTER
    if not readings or not done or not doubt.alone:
        return None
    last = readings[-1]
    if last.shows(doubt.amount, doubt.spent_before):
        return DebitFound()
    window = timedelta(seconds=settle_seconds)
    told = [one for one in readings if one.drift is not None]
    unmoved = last.drift is not None and all(one.shows(0, doubt.spent_before) for one in told)
    if not unmoved or last.at < doubt.submitted_at + window:
        return None
    count = _several([one.at for one in told], window / (10 * wanted))
    return Released(f"total_spent unchanged in {count} readings") if count >= wanted else None


def _several(times: Sequence[datetime], apart: timedelta) -> int:
    """How many of `times` lie `apart` from the one counted before: a burst of readings counts once."""
    count, before = 0, None
    for at in times:
        if before is None or at - before >= apart:
            count, before = count + 1, at
    return count


def window_end(
    submitted_at: datetime, first_look: datetime, last_purchase: datetime | None, settle_seconds: int
) -> datetime:
    """When the readings are over: at the settle window's end, or a while after the first that can tell anything.

    Args:
        last_purchase: when another one on the account settled last: `total_spent` may lag behind it for as long.
    """
    window = timedelta(seconds=settle_seconds)
    readable = max(first_look, last_purchase + window) if last_purchase else first_look
    return max(submitted_at + window, readable + window / 5)


def between_readings(settle_seconds: int, wanted: int) -> float:
    """Seconds from one reading to the next: enough of them even where the first look comes late."""
    return settle_seconds / (5 * (wanted + 1))
