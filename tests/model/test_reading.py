"""Ten descriptions, always the same, read by the rules with a real model beside them."""

import pytest

from agent.assemble_mind import mind_of
from agent.clock import SystemClock
from agent.settings import Settings
from tests.eval.__main__ import by_model, evaluated
from tests.eval.corpus import SAMPLE, load, sample
from tests.eval.score import Verdict
from tests.eval.table import marks, mistakes, silent

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]

RIGHT = 0.9


async def test_a_model_costs_no_money_in_silence(variables: dict[str, str]) -> None:
    """Nine of ten fields are right, and of those that are not none costs money without a question."""
    mind = mind_of(Settings.model_validate(variables), SystemClock())
    assert mind is not None
    try:
        scored = await evaluated(sample(load(), len(SAMPLE)), by_model(mind))
    finally:
        await mind.aclose()
    verdicts = [mark.verdict for mark in marks(scored)]
    assert silent(scored) == ()
    assert verdicts.count(Verdict.RIGHT) >= RIGHT * len(verdicts), mistakes(scored)
