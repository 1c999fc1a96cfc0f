"""Hostile worlds, and what the program logs on the side."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from policies.policy import Policy
from tests.agent.world import World
from tests.hostile.hostile import Hostile

MakeHostile = Callable[[Policy], Hostile]


class _Listening(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())


@pytest.fixture
def make_hostile(tmp_path: Path) -> Iterator[MakeHostile]:
    """Makes worlds whose provider lies; the program's warnings count as told to the human."""
    made: list[Hostile] = []
    logged: list[str] = []
    handler = _Listening(logged)
    logging.getLogger("swineherd").addHandler(handler)

    def make(policy: Policy) -> Hostile:
        root = tmp_path / f"world-{len(made)}"
        root.mkdir()
        made.append(Hostile(World(root, policy), logged))
        return made[-1]

    yield make
    logging.getLogger("swineherd").removeHandler(handler)
    for hostile in made:
        hostile.world.log.close()
