"""What may be removed of ended runs: by age, and then by size, the oldest first. Never anything about money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Stored:
    """What an ended run still takes on the disk: its log, outputs and snapshots."""

    run_id: str
    ended_at: datetime
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept; None: no limit."""

    older_than: timedelta | None = None
    most_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """One run whose files go, and why."""

    stored: Stored
    reason: str


def to_remove(stored: Sequence[Stored], limits: Limits, now: datetime) -> list[Removal]:
    """Which runs' files go, oldest first. What is exactly as old as the limit stays, and so does what just fits."""
    oldest_first = sorted(stored, key=lambda one: (one.ended_at, one.run_id))
    left = sum(one.size for one in stored)
    removals = []
    for one in oldest_first:
        reason = _too_old(one, limits, now) or _too_much(left, limits)
        if reason:
            removals.append(Removal(one, reason))
            left -= one.size
    return removals


def _too_old(one: Stored, limits: Limits, now: datetime) -> str:
    if limits.older_than is None or now - one.ended_at <= limits.older_than:
        return ""
    return f"ended more than {limits.older_than / timedelta(days=1):g} days ago"


def _too_much(left: int, limits: Limits) -> str:
    if limits.most_bytes is None or left <= limits.most_bytes:
        return ""
    return f"all runs together take {left / 1e9:.2f} GB, more than {limits.most_bytes / 1e9:g}"
