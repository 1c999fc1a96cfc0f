"""What goes by age and by size: the oldest first, and nothing that just fits."""

from datetime import UTC, datetime, timedelta

from policies.retention import Limits, Stored, to_remove

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def stored(run_id: str, days: float, size: int = 10) -> Stored:
    return Stored(run_id, NOW - days * DAY, size)


def removed(runs: list[Stored], limits: Limits) -> list[tuple[str, str]]:
    return [(one.stored.run_id, one.reason) for one in to_remove(runs, limits, NOW)]


def test_without_limits_everything_stays() -> None:
    """However old and large."""
    assert removed([stored("a", 9999, 10**12)], Limits()) == []


def test_by_age() -> None:
    """Exactly as old as the limit stays."""
    runs = [stored("new", 1), stored("edge", 30), stored("old", 30.01)]
    assert removed(runs, Limits(older_than=30 * DAY)) == [("old", "ended more than 30 days ago")]


def test_by_size_the_oldest_first() -> None:
    """Until what is left fits exactly."""
    runs = [stored("new", 1), stored("old", 3), stored("middle", 2)]
    assert removed(runs, Limits(most_bytes=30)) == []
    assert [run_id for run_id, _ in removed(runs, Limits(most_bytes=29))] == ["old"]
    assert [run_id for run_id, _ in removed(runs, Limits(most_bytes=10))] == ["old", "middle"]
    assert removed([stored("a", 1, 2 * 10**9)], Limits(most_bytes=10**9)) == [
        ("a", "all runs together take 2.00 GB, more than 1")
    ]


def test_what_goes_by_age_makes_room() -> None:
    """Both limits together remove no more than they must."""
    runs = [stored("old", 40, 100), stored("new", 1, 20)]
    assert [run_id for run_id, _ in removed(runs, Limits(30 * DAY, 20))] == ["old"]
