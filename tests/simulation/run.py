"""Lives one after the other in one process, each from its seed alone."""

import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

from agent.mind.port import Mind
from policies.policy import Gpu
from tests.simulation.life import Life
from tests.simulation.loop import VirtualLoop
from tests.simulation.store import a_home
from tests.simulation.tasks import remember


@dataclass(frozen=True, slots=True)
class Lived:
    """How one life went.

    Attributes:
        broken: the laws that did not hold, or what blew up.
        digest: of everything that happened.
    """

    seed: int
    broken: tuple[str, ...]
    digest: str
    lines: tuple[str, ...]
    counts: "Counter[str]"


@contextmanager
def a_loop() -> Iterator[VirtualLoop]:
    """A virtual loop for one life."""
    loop = VirtualLoop()
    loop.set_task_factory(remember)
    try:
        yield loop
    finally:
        loop.close()


def lived(seed: int, rate: float = 0.1, *, mind: Mind | None = None) -> Lived:
    """Live the life of a seed. Where a model is asked, it may choose what costs twice as much as the first-ranked."""
    with a_home() as home, a_loop() as loop:
        life = Life(seed, home, loop, rate)
        if mind is not None:
            like = life.circumstances
            life.mind, policy = mind, replace(like.policy, gpu=Gpu(max_premium=Decimal(1)))
            life.circumstances = replace(like, policy=policy)
        blown: list[str] = []
        try:
            loop.run_until_complete(life.live())
        except Exception as error:  # noqa: BLE001  (whatever it was, the seed must be told)
            blown.append("".join(traceback.format_exception(error)))
        finally:
            life.close()
        counts = life.trace.counts
        counts["runs"] = len(life.run_ids)
        return Lived(seed, (*life.witness.broken, *blown), life.trace.digest, tuple(life.trace.lines), counts)
