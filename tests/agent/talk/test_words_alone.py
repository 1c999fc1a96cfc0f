"""Words that code alone reads: to an offer that waits, and where a model is away."""

import pytest

from agent.mind.port import Called, ModelUnavailable, Said
from agent.talk.conversation import NOTHING_ASKED
from tests.agent.talk.conftest import Meet
from tests.agent.talk.table import JOB_WORDS
from tests.agent.world import JOB


@pytest.mark.parametrize("word", ["yes", "y", "No"])
async def test_a_word_alone_answers_no_offer(meet: Meet, word: str) -> None:
    """Neither rules nor a model read it: what waits is shown, with what answers it."""
    table = meet()
    run = await table.world.run(JOB, wait=False)
    said = await table.say(word)
    assert f"`approve {table.code}`" in said
    assert "nothing was decided" in said
    asked = table.world.log.approval(run.run_id)
    assert asked is not None
    assert asked.decision is None


async def test_a_word_alone_where_nothing_is_asked_goes_to_no_model(meet: Meet) -> None:
    """It would make up what to do; to a model's own question it is an answer."""
    table = meet(Said("assistant", "Shall I look at the runs?"), Called("list_runs", {}), Said("assistant", "None."))
    assert NOTHING_ASKED in await table.say("y")
    await table.say("Hello!", "y")
    assert "no runs" in table.shown("figures")


async def test_rules_submit_where_a_model_is_away(meet: Meet) -> None:
    """What they read is shown first, as ever, with why no model read it."""
    table = meet(ModelUnavailable("away"))
    await table.say(JOB_WORDS)
    assert "away; this is read by rule" in table.shown("note")
    assert table.is_asked()
    assert "run           python train.py" in table.shown("question")


async def test_a_question_about_a_job_is_put_to_the_human(meet: Meet) -> None:
    """It does not speak of them; and what they say next is for it, though an offer waits as well."""
    table = meet()
    await table.world.run(JOB, wait=False)
    said = await table.say("run `python train.py` for 2 hours, at most 5 euros")
    assert "US dollars" in said
    assert "for the human" not in said
    assert "nothing was decided" not in await table.say("no")
