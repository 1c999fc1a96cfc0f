"""How often, and how many at once."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST_KEYS = 10_000
"""Whoever comes from more addresses than this is none of ours: the oldest are forgotten."""


class Rate:
    """So many events in so many seconds by key, each key on its own.

    Args:
        most: events that may come at once.
        seconds: in which so many come back.
        monotonic: seconds that never go back.
    """

    def __init__(self, most: int, seconds: float, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._each = seconds / most
        self._monotonic = monotonic
        self._free_at: dict[str, float] = {}

    def wait(self, key: str) -> int:
        """Count one event; 0, or after how many whole seconds it may be tried again: then it was not counted."""
        now = self._monotonic()
        free_at = max(self._free_at.pop(key, now), now)
        late = free_at + self._each - (now + self._most * self._each)
        allowed = late <= 1e-9
        self._free_at[key] = free_at + self._each if allowed else free_at
        if len(self._free_at) > MOST_KEYS:
            del self._free_at[next(iter(self._free_at))]
        return 0 if allowed else math.ceil(late)


@dataclass(frozen=True, slots=True)
class Room:
    """How many streams may be open."""

    of_one: int = 12
    in_all: int = 256


class Streams:
    """Streams that are open, by session."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._open: dict[str, int] = {}

    def has_room(self, key: str) -> bool:
        """Whether one more fits, for this session and in all."""
        return self._open.get(key, 0) < self._room.of_one and sum(self._open.values()) < self._room.in_all

    @contextmanager
    def one_more(self, key: str) -> Iterator[None]:
        """Counted while the block lasts."""
        self._open[key] = self._open.get(key, 0) + 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]
