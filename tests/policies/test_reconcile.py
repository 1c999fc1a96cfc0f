"""What readings of `total_spent` prove about a purchase in doubt."""

from datetime import UTC, datetime, timedelta

import pytest

from policies.charge import DebitFound, Released
from policies.money import Cents
from policies.reconcile import Doubt, Seen, between_readings, judge_doubt, window_end

SENT = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
DOUBT = Doubt(Cents(98), SENT, 653, alone=True, sender_done=True)


def after(seconds: float) -> datetime:
    return SENT + timedelta(seconds=seconds)


def seen(*readings: tuple[float, int | None]) -> list[Seen]:
    return [Seen(after(seconds), 653 + (drift or 0), drift) for seconds, drift in readings]


def judged(doubt: Doubt, readings: list[Seen], now: float | None = None) -> object:
    at = readings[-1].at if now is None and readings else after(now or 0)
    return judge_doubt(doubt, readings, at, settle_seconds=300, wanted=3)


@pytest.mark.parametrize(
    "readings",
    [
        seen((0, 0), (150, 0), (300, 0)),
        seen((0, 0), (150, None), (200, 0), (301, 0)),
        seen((4000, 0), (4010, 0), (4020, 0)),
    ],
    ids=["through-the-window", "one-unreadable", "long-after"],
)
def test_unchanged_in_several_readings_to_the_windows_end_is_released(readings: list[Seen]) -> None:
    assert isinstance(judged(DOUBT, readings), Released)


@pytest.mark.parametrize(
    "readings",
    [
        [],
        seen((0, 0), (150, 0), (299, 0)),
        seen((0, 0), (300, 0)),
        seen((300, 0), (301, 0), (302, 0)),
        seen((0, 0), (150, 0), (300, None)),
        seen((0, 0), (150, 13), (300, 0)),
        seen((0, 13), (150, 13), (300, 13)),
        seen((0, -98), (150, -98), (300, -98)),
        seen((0, 97), (150, 99), (300, 97)),
    ],
    ids=["none", "too-early", "too-few", "too-close", "unreadable", "moved-between", "another", "fell", "a-cent-off"],
)
def test_anything_else_proves_nothing(readings: list[Seen]) -> None:
    """A doubt that is not proven stays, counted."""
    assert judged(DOUBT, readings) is None


@pytest.mark.parametrize("readings", [seen((0, 98)), seen((0, 0), (150, 0), (400, 98)), seen((0, None), (5, 98))])
def test_a_rise_by_exactly_the_amount_is_the_debit(readings: list[Seen]) -> None:
    """At once: it only makes what was counted already final."""
    assert judged(DOUBT, readings) == DebitFound()


@pytest.mark.parametrize("drift", [0, 98])
def test_of_two_candidates_none_is_chosen(drift: int) -> None:
    readings = seen((0, drift), (150, drift), (300, drift))
    assert judged(Doubt(Cents(98), SENT, 653, alone=False, sender_done=True), readings) is None


@pytest.mark.parametrize("drift", [0, 98])
def test_nothing_is_settled_while_it_may_still_be_sent(drift: int) -> None:
    """A suspended sender could send later; after 24 hours nobody sends any more."""
    doubt = Doubt(Cents(98), SENT, 653, alone=True, sender_done=False)
    day = 24 * 3600
    readings = seen((day - 20, drift), (day - 10, drift), (day, drift))
    assert judged(doubt, readings, day - 1) is None
    assert judged(doubt, readings, day) is not None


def test_the_readings_end_with_the_window_or_a_while_after_a_late_first_look() -> None:
    assert window_end(SENT, after(1), None, 300) == after(300)
    assert window_end(SENT, after(1000), None, 300) == after(1060)


def test_the_readings_wait_for_what_may_lag_behind_an_earlier_purchase() -> None:
    assert window_end(SENT, after(1), after(-10), 300) == after(350)
    assert window_end(SENT, after(1), after(-400), 300) == after(300)


@pytest.mark.parametrize("wanted", [1, 3, 10])
@pytest.mark.parametrize("first", [0.0, 299.0, 10_000.0])
def test_looks_come_often_enough(first: float, wanted: int) -> None:
    """Between the first look and the end there is time for all the readings that it takes, far enough apart."""
    looks = [first]
    end = window_end(SENT, after(first), None, 300)
    while after(looks[-1]) < end:
        looks.append(min(looks[-1] + between_readings(300, wanted), (end - SENT).total_seconds()))
    readings = seen(*((look, 0) for look in looks))
    assert isinstance(judge_doubt(DOUBT, readings, end, settle_seconds=300, wanted=wanted), Released)


@pytest.mark.parametrize(("drift", "spent"), [(0, 653 + 98), (98, 653), (0, 653 - 98), (98, 653 + 2 * 98)])
def test_both_ways_of_looking_must_agree(drift: int, spent: int) -> None:
    """An earlier purchase's debit that lags, or comes late, would make up for this one's in the one way of the two."""
    readings = [Seen(after(seconds), spent, drift) for seconds in (0, 150, 300)]
    assert judged(DOUBT, readings) is None


def test_without_a_figure_from_before_nothing_is_proven() -> None:
    unread = Doubt(Cents(98), SENT, None, alone=True, sender_done=True)
    assert judged(unread, seen((0, 0), (150, 0), (300, 0))) is None
