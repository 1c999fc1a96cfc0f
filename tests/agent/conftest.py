"""Worlds, one for every way to pay."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from policies.policy import Policy
from tests.agent.world import AUTO, World

MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes worlds, each in a folder of its own."""
    made: list[World] = []

    def make(policy: Policy = AUTO, *, has_key: bool = True) -> World:
        root = tmp_path / str(len(made))
        root.mkdir()
        made.append(World(root, policy, has_key=has_key))
        return made[-1]

    yield make
    for world in made:
        world.log.close()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """One that pays small orders from credits without asking."""
    return make_world()
