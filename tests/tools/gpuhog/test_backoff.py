"""How long a read waits before it is repeated."""

from datetime import UTC, datetime

import pytest

from tools.gpuhog.backoff import LONGEST, pause

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("tries", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (12, LONGEST)])
def test_each_try_waits_twice_as_long(tries: int, seconds: float) -> None:
    """Up to the longest wait."""
    assert pause(tries, "", NOW) == seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 0.5),
        ("30", 30),
        ("31", LONGEST),
        ("999999999", LONGEST),
        ("9999999999", 0.5),
        ("-5", 0.5),
        ("1e3", 0.5),
        ("7.5", 0.5),
        ("٧", 0.5),
        ("inf", 0.5),
        ("nan", 0.5),
        ("soon", 0.5),
        ("Mon, 30 Mar 2026 12:00:09 GMT", 9),
        ("Mon, 30 Mar 2026 14:00:09 +0200", 9),
        ("Mon, 30 Mar 2026 12:00:09 -0000", 9),
        ("Mon, 30 Mar 2026 11:00:00 GMT", 0.5),
        ("Mon, 30 Mar 2099 12:00:00 GMT", LONGEST),
        ("Mon, 99 Mar 2026 12:00:00 GMT", 0.5),
        ("Mon, 30 Mar 99999 12:00:00 GMT", 0.5),
        (f"Mon, 30 Mar {'9' * 20} 12:00:00 GMT", 0.5),
        (f"30 Mar 2026 12:00:00 +{'9' * 20}", 0.5),
        ("x" * 100_000, 0.5),
    ],
)
def test_retry_after_is_obeyed_where_it_makes_sense(header: str, seconds: float) -> None:
    """Seconds or a date, within the longest wait; anything else is as if it were not there."""
    assert pause(1, header, NOW) == seconds
