"""How long to wait before looking again: soon at first, then rarer, never past the deadline."""

from collections.abc import Sequence
from datetime import datetime, timedelta

DEPLOY: Sequence[float] = (0.5, 0.5, 1, 1, 2, 3, 5, 8, 10, 15)
PAYMENT: Sequence[float] = (1, 1, 2, 2, 3, 5, 5, 10)
HUMAN: Sequence[float] = (0.5,)
HOST: Sequence[float] = (0.5, 1, 1, 2, 3, 5, 8, 10, 15)
GONE: Sequence[float] = (1, 2, 4, 8, 15, 30)
TURN: Sequence[float] = (0.5, 1, 2, 5, 10)
"""Seconds between looks; the last one repeats. None asks an order more than once a second for long."""


def next_look(waits: Sequence[float], looks: int, now: datetime, until: datetime) -> datetime:
    """When to look after `looks` looks without change; at `until` at the latest."""
    wait = waits[min(looks, len(waits) - 1)]
    return min(now + timedelta(seconds=wait), max(until, now))
