"""The laws can fail: nine small changes of the code, one against each law, and the simulation sees every one."""

import sys
from itertools import count

import pytest

from tests.simulation.mutants import MUTANTS, Mutant, alive
from tests.simulation.run import lived

ENOUGH_RUNS = 1000


def test_there_is_a_mutant_for_each_law() -> None:
    """None is left out."""
    assert [mutant.law for mutant in MUTANTS] == list(range(1, 10))


@pytest.mark.no_cover  # lines of a broken program, and it takes as long again
@pytest.mark.timeout(300)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"law {mutant.law}: {mutant.told}")
def test_a_broken_law_is_caught_within_a_thousand_runs(mutant: Mutant) -> None:
    """By the judge of that very law."""
    runs = 0
    with alive(mutant):
        for seed in count():
            life = lived(seed)
            runs += life.counts["runs"]
            if any(problem.startswith(f"law_{mutant.law}:") for problem in life.broken):
                sys.stdout.write(f"law {mutant.law} is broken at seed {seed}, after {runs} runs\n")
                return
            if runs >= ENOUGH_RUNS:
                break
    pytest.fail(f"{runs} runs, and nobody noticed")
