"""Tables to talk at."""

from collections.abc import Callable, Sequence

import pytest

from agent.mind.port import Called, ModelUnavailable, Said, T
from agent.mind.scripted import ScriptedMind
from tests.agent.conftest import MakeWorld, make_world, world
from tests.agent.talk.table import Table
from tests.agent.world import ASK

__all__ = ["make_world", "world"]

Meet = Callable[..., Table]


class Talks(ScriptedMind):
    """Fills in no forms: descriptions are read by rule."""

    async def fill(self, form: type[T], instructions: str, turns: Sequence[Said]) -> T:
        raise ModelUnavailable("it only talks")


@pytest.fixture
def meet(make_world: MakeWorld) -> Meet:
    """With what a model says, or with none; a human is asked about every order."""

    def sit_down(*script: Said | Called | Exception) -> Table:
        return Table(make_world(ASK), Talks(*script) if script else None)

    return sit_down
