"""Words in a chat: one message of a person at a time, a yes for what was read alone, and no word for a payment."""

import asyncio

import pytest

from agent.chat import talks as talks_module
from agent.chat.talks import DEFECT, MOST_WORDS, STILL_ASKED, TOO_LONG, TOO_MANY, Talks, command_in
from agent.mind.port import Called, Said
from agent.mind.scripted import ScriptedMind
from agent.questions import questions
from agent.talk.conversation import CUT_OFF, PRESS_ALONE
from tests.agent.chat.talkers import ANN, BOB, Sheet, Slow, said, talks_of
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, JOB, World

JOB_WORDS = "run `python train.py` for two hours on an RTX 4090, at most $5"
FINE = Said("assistant", "Fine.")


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """With no model; a human is asked about every order."""
    return make_world(ASK)


def talks_with(world: World, mind: ScriptedMind) -> Talks:
    world.change(mind=mind)
    return talks_of(world)


async def test_a_job_in_words_is_submitted_after_a_yes_and_not_driven(world: World) -> None:
    """By whoever said it, from the folder of the worker, which takes it up itself."""
    talks = talks_of(world)
    proposed = await said(talks, JOB_WORDS)
    assert proposed.asked
    assert "python train.py" in proposed.of("question")
    assert world.log.runs() == []
    done = await said(talks, "y")
    (run,) = world.log.runs()
    assert (f"submitted {run.run_id}" in done.of("note"), done.asked) == (True, False)
    assert world.purchases == []


async def test_everybody_has_a_thread_of_their_own(world: World) -> None:
    """A yes of somebody else's is none."""
    talks = talks_of(world)
    await said(talks, "runs", BOB)
    await said(talks, JOB_WORDS)
    await said(talks, "y", BOB)
    assert world.log.runs() == []
    await said(talks, "y")
    assert len(world.log.runs()) == 1


@pytest.mark.parametrize("verb", ["approve", "deny"])
async def test_no_word_answers_for_money(world: World, verb: str) -> None:
    """Neither alone nor in a sentence; and what has a code in it is shown to no model."""
    mind = ScriptedMind(FINE)
    talks = talks_with(world, mind)
    run = await world.run(JOB, wait=False)
    (asked,) = questions(world.log, world.clock.now())
    for text in (verb, f"{verb} {asked.code}", f"{verb} {asked.code} $0.98", f"please {verb}, it is {asked.code}"):
        assert (await said(talks, text)).of("note") == PRESS_ALONE
    assert (await said(talks, f"{verb} {run.run_id}")).of("note") == PRESS_ALONE
    assert mind.shown == []
    approval = world.log.approval(run.run_id)
    assert approval is not None
    assert approval.decision is None


async def test_a_model_is_told_how_payments_are_answered_here(world: World) -> None:
    """By presses, so that it sends nobody to type a code."""
    mind = ScriptedMind(FINE)
    await said(talks_with(world, mind), "Hello!")
    assert "presses a button" in mind.shown[0].instructions
    assert "approve CODE" not in mind.shown[0].instructions


async def test_one_message_at_a_time(world: World) -> None:
    """A yes that was typed before the question was there is none; others are not kept waiting."""
    mind = Slow(Called("submit_job", {"description": "train"}))
    talks = talks_with(world, mind)
    first = Sheet()
    assert talks.begin(ANN, JOB_WORDS, first)
    await mind.asked.wait()
    assert not talks.begin(ANN, "y", Sheet())
    assert (await said(talks, "help", BOB)).of("note")
    assert not first.over.is_set()
    mind.may.set()
    await first.over.wait()
    assert first.asked
    assert world.log.runs() == []


async def test_a_sign_where_it_takes_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And none where the answer is there at once."""
    assert not (await said(talks_of(world), "runs")).thought
    monkeypatch.setattr(talks_module, "SIGN_SECONDS", 0.01)
    mind = Slow(FINE)
    talks, sheet = talks_with(world, mind), Sheet()
    talks.begin(ANN, "Hello!", sheet)
    while not sheet.thought:  # noqa: ASYNC110 - nothing else tells of it
        await asyncio.sleep(0.005)
    mind.may.set()
    await sheet.over.wait()
    assert sheet.of("model") == "Fine."


async def test_the_end_of_the_worker_breaks_an_answer_off(world: World) -> None:
    """The next worker says so, and does nothing a second time."""
    mind = Slow(FINE)
    talks, sheet = talks_with(world, mind), Sheet()
    talks.begin(ANN, "Hello!", sheet)
    await mind.asked.wait()
    async with asyncio.timeout(10):
        await talks.close()
    assert not sheet.over.is_set()
    world.change(mind=None)
    assert CUT_OFF in (await said(talks_of(world), "runs")).of("note")


async def test_after_a_restart_a_yes_is_for_what_is_shown_anew(world: World) -> None:
    """The first one shows it, the second one does it."""
    await said(talks_of(world), JOB_WORDS)
    talks = talks_of(world)
    again = await said(talks, "y")
    assert again.asked
    assert "python train.py" in again.of("question")
    assert again.of("note") == STILL_ASKED
    assert world.log.runs() == []
    await said(talks, "y")
    assert len(world.log.runs()) == 1


async def test_what_is_proposed_in_one_folder_is_not_done_in_another(world: World) -> None:
    """A worker may be started elsewhere the next time."""
    await said(talks_of(world), JOB_WORDS)
    elsewhere = talks_of(world, "elsewhere")
    for _ in range(2):
        assert not (await said(elsewhere, "y")).asked
    assert world.log.runs() == []


async def test_too_many_words_are_not_read(world: World) -> None:
    """By nobody."""
    mind = ScriptedMind(FINE)
    assert (await said(talks_with(world, mind), "word " * MOST_WORDS)).of("note") == TOO_MANY
    assert mind.shown == []


async def test_a_proposal_that_did_not_arrive_is_taken_back(world: World) -> None:
    """Nobody can have read it."""
    talks, lost = talks_of(world), Sheet(arrives=False)
    talks.begin(ANN, JOB_WORDS, lost)
    await lost.over.wait()
    while not talks.begin(ANN, "y", after := Sheet()):  # noqa: ASYNC110 - nothing else tells of it
        await asyncio.sleep(0.005)
    await after.over.wait()
    assert not after.asked
    assert world.log.runs() == []


async def test_a_proposal_that_no_message_holds_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of what a yes does may be cut."""
    monkeypatch.setattr(talks_module, "MOST_PROPOSED", 100)
    talks = talks_of(world)
    sheet = await said(talks, JOB_WORDS)
    assert (TOO_LONG in sheet.of("note"), sheet.asked) == (True, False)
    await said(talks, "y")
    assert world.log.runs() == []


async def test_a_defect_is_told_and_ends_nothing(world: World) -> None:
    """Without its words."""
    talks = talks_with(world, ScriptedMind(RuntimeError("boom hunter2")))
    assert (await said(talks, "Hello!")).of("note") == DEFECT
    assert "RTX 4090" in (await said(talks, "Which GPUs are there?")).of("figures")


def test_words_about_a_run_are_no_command(world: World) -> None:
    """`cancel it` is words, `cancel RUN` is none."""
    run_id = world.submit()
    assert command_in(world.parts, "cancel it") is None
    assert command_in(world.parts, "offer it") is None
    assert command_in(world.parts, f"cancel {run_id}") is not None
