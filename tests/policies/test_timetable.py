"""When a schedule is due, around the nights on which clocks are changed."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest

from policies.timetable import BadTimetable, Timetable

SPRING = datetime(2026, 3, 28, 12, tzinfo=UTC)
"""Berlin's clocks go from 2:00 to 3:00 in the night that follows."""
AUTUMN = datetime(2026, 10, 24, 12, tzinfo=UTC)
"""They go from 3:00 back to 2:00."""


def nights(cron: str, after: datetime, count: int = 3, zone: str = "Europe/Berlin") -> list[str]:
    timetable = Timetable.read(cron, zone)
    return [f"{due:%d %H:%M} {timetable.night(due)[11:]}" for due in islice(timetable.after(after), count)]


def test_two_in_the_morning_is_by_the_clock_on_the_wall() -> None:
    """Whatever is UTC then."""
    assert nights("0 2 * * *", datetime(2026, 7, 1, tzinfo=UTC), 1) == ["02 00:00 02:00"]
    assert nights("0 2 * * *", datetime(2026, 1, 1, 2, tzinfo=UTC), 1) == ["02 01:00 02:00"]


def test_an_hour_that_is_skipped_in_spring_comes_once_right_after() -> None:
    """No night is left out, and none is doubled."""
    assert nights("0 2 * * *", SPRING) == ["29 01:00 03:00", "30 00:00 02:00", "31 00:00 02:00"]
    assert nights("0,30 2 * * *", SPRING, 2) == ["29 01:00 03:00", "30 00:00 02:00"]
    assert nights("0 2,3 * * *", SPRING, 3) == ["29 01:00 03:00", "30 00:00 02:00", "30 01:00 03:00"]


def test_an_hour_that_comes_twice_in_autumn_is_one_night() -> None:
    """The first of the two; of a night that is due twice in it, each time once."""
    assert nights("0 2 * * *", AUTUMN) == ["25 00:00 02:00", "26 01:00 02:00", "27 01:00 02:00"]
    assert nights("*/30 2 * * *", AUTUMN) == ["25 00:00 02:00", "25 00:30 02:30", "26 01:00 02:00"]


def test_what_is_due_every_hour_is_due_in_both_of_them() -> None:
    """They are two hours, an hour apart; and have two names."""
    assert nights("0 * * * *", datetime(2026, 10, 24, 23, 30, tzinfo=UTC), 4) == [
        "25 00:00 02:00+0200",
        "25 01:00 02:00+0100",
        "25 02:00 03:00+0100",
        "25 03:00 04:00+0100",
    ]
    assert nights("0 * * * *", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 2) == [
        "29 01:00 03:00+0200",
        "29 02:00 04:00+0200",
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("cron", ["0 2 * * *", "30 2 * * *", "15 1,2,3 * * sun", "0 * * * *", "0 0 29 2 *"])
def test_each_way_of_asking_says_the_same(zone: str, cron: str) -> None:
    """The latest until a moment, the next after it, and whether this is one, on days when clocks change."""
    timetable = Timetable.read(cron, zone)
    for began in (
        datetime(2026, 3, 28, tzinfo=UTC),
        datetime(2026, 4, 4, tzinfo=UTC),
        datetime(2026, 10, 31, tzinfo=UTC),
    ):
        times = list(islice(timetable.after(began), 40))
        assert len({timetable.night(due) for due in times}) == len(times)
        for earlier, due in pairwise(times):
            assert timetable.is_due(due)
            assert not timetable.is_due(due + timedelta(minutes=1))
            assert timetable.last_due(earlier, due) == due
            assert timetable.last_due(earlier, due - timedelta(seconds=1)) is None


def test_the_second_two_o_clock_of_autumn_is_none_of_its_times() -> None:
    """DBOS rings then too."""
    timetable = Timetable.read("0 2 * * *", "Europe/Berlin")
    assert timetable.is_due(datetime(2026, 10, 25, 0, tzinfo=UTC))
    assert not timetable.is_due(datetime(2026, 10, 25, 1, tzinfo=UTC))
    first = datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert timetable.last_due(AUTUMN, first + timedelta(hours=3)) == first


@pytest.mark.parametrize(
    ("cron", "zone", "said"),
    [
        ("0 2 * *", "UTC", "has 4 fields, not five"),
        ("@daily", "UTC", "has 1 fields, not five"),
        ("0 0 2 * * *", "UTC", "has 6 fields, not five"),
        ("61 2 * * *", "UTC", "'61 2 * * *': "),
        ("0 0 30 2 *", "UTC", "failed to find next date"),
        ("H 2 * * *", "UTC", "'H' is no cron field"),
        ("R 2 * * *", "UTC", "'R' is no cron field"),
        ("0 2 * * *", "Mars/Olympus", "'Mars/Olympus' is no time zone"),
        ("0 2 * * *", "../../etc/passwd", "is no time zone"),
        ("0 2 * * *", "", "is no time zone"),
    ],
)
def test_what_says_no_times_is_refused(cron: str, zone: str, said: str) -> None:
    """With what is wrong about it."""
    with pytest.raises(BadTimetable) as refused:
        Timetable.read(cron, zone)
    assert said in str(refused.value)


def test_names_of_days_and_months_are_read() -> None:
    """Fridays in December."""
    assert nights("0 2 * dec fri", datetime(2026, 11, 1, tzinfo=UTC), 1, "UTC") == ["04 02:00 02:00"]
