"""When to look again: soon, then rarer, never past the deadline."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from policies.patience import DEPLOY, GONE, HOST, HUMAN, PAYMENT, TURN, next_look

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.mark.parametrize("waits", [DEPLOY, PAYMENT, HUMAN, HOST, GONE, TURN])
def test_waits_never_become_shorter(waits: Sequence[float]) -> None:
    """And none is nothing."""
    assert list(waits) == sorted(waits)
    assert waits[0] > 0


@pytest.mark.parametrize("waits", [DEPLOY, PAYMENT, HOST, GONE])
def test_an_order_is_asked_at_most_once_a_second_for_long(waits: Sequence[float]) -> None:
    """In any ten minutes no more than seventy looks, and no two seconds with more than four."""
    at, looks = 0.0, 0
    while at < 600:
        at += waits[min(looks, len(waits) - 1)]
        looks += 1
    assert looks <= 70
    assert sum(waits[:4]) >= 2


@pytest.mark.parametrize(("looks", "seconds"), [(0, 1), (1, 2), (2, 5), (3, 5), (1000, 5)])
def test_the_last_wait_repeats(looks: int, seconds: int) -> None:
    """For ever."""
    assert next_look((1, 2, 5), looks, NOW, LATER) == NOW + timedelta(seconds=seconds)


def test_a_look_is_never_past_the_deadline() -> None:
    """At it at the latest."""
    until = NOW + timedelta(seconds=3)
    assert next_look((5,), 0, NOW, until) == until


def test_a_deadline_that_is_over_is_looked_at_now() -> None:
    """Not in the past."""
    assert next_look((5,), 0, NOW, NOW - timedelta(hours=1)) == NOW
