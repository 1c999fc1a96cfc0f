"""The nine laws over simulated lives with a fault on every tenth call; `make soak` lives many more."""

import os
import subprocess
import sys
from collections import Counter
from itertools import count, islice
from random import Random

import pytest

from tests.agent.minds import Contrary
from tests.simulation.circumstances import draw
from tests.simulation.replay import SHOWN, told
from tests.simulation.run import lived

CHUNKS, LIVES = 12, 25
MISLED = 15


@pytest.mark.no_cover  # it takes as long again; what is reached by lives is measured in the forty of another test
@pytest.mark.timeout(300)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_nine_laws_hold_in_every_life(chunk: int) -> None:
    """Whatever fails, whoever dies and whatever humans do; a seed that breaks a law is told with its last lines."""
    for seed in range(chunk * LIVES, (chunk + 1) * LIVES):
        life = lived(seed)
        assert not life.broken, f"seed {seed}\n{told(life, SHOWN)}"


@pytest.mark.no_cover
@pytest.mark.timeout(300)
def test_the_nine_laws_hold_under_a_model_that_heeds_nobody() -> None:
    """It takes the dearest or what there is not, wants another pod for every failure, or does not answer at all."""
    asked = Counter[str]()
    choosy = (seed for seed in count() if draw(Random(seed), 0.1).any_gpu)
    for seed in islice(choosy, MISLED):
        mind = Contrary(Random(seed))
        life = lived(seed, mind=mind)
        assert not life.broken, f"seed {seed}\n{told(life, SHOWN)}"
        asked += mind.asked
    assert asked["Taken"] > MISLED / 3
    assert asked["Diagnosis"]


def test_a_seed_lives_the_same_life_each_time() -> None:
    """In one process, whatever was lived before."""
    first = [lived(seed).digest for seed in (3, 7, 11)]
    second = [lived(seed).digest for seed in (11, 3, 7)]
    assert sorted(first) == sorted(second)
    assert len(set(first)) == 3


def test_a_seed_lives_the_same_life_in_another_process() -> None:
    """Hashes are salted by process; nothing may depend on them."""
    told_by = []
    for salt in ("1", "2"):
        script = "from tests.simulation.run import lived; print([lived(seed).digest for seed in (7, 11, 48)])"
        environment = {**os.environ, "PYTHONHASHSEED": salt}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=120
        )
        told_by.append(done.stdout)
    assert told_by[0] == told_by[1]
    assert repr(lived(7).digest) in told_by[0]


def test_lives_are_eventful() -> None:
    """A simulation in which nothing goes wrong proves nothing: a tenth of the calls do, and processes are killed."""
    lives = [lived(seed) for seed in range(40)]
    calls, faults, kills = (sum(life.counts[name] for life in lives) for name in ("calls", "faults", "kills"))
    assert 0.08 < faults / calls < 0.15
    assert kills > 10
    text = "\n".join(line for life in lives for line in life.lines)
    for event in ("human    approved", "chooser", "world", "terminate", "rent_with_credits", "keep_answer", "!lost"):
        assert event in text
