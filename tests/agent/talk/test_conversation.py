"""A conversation: what is looked up, what is asked before it is done, and what no model can do."""

import pytest

from agent.mind.port import Called, ModelUnavailable, Said, TooLong
from agent.talk.conversation import CODE_ALONE, CUT_OFF
from agent.talk.graph import MOST_CALLS
from policies.charge import ChargeState
from tests.agent.talk.conftest import Meet
from tests.agent.talk.table import FINE, JOB_WORDS, KEY, SUBMIT, approval_of, scripted
from tests.agent.watched import Killed
from tests.agent.world import JOB
from tools.spend_log.rows import Decision

LOOK = Called("list_runs", {})


async def test_figures_come_from_tools_and_words_from_the_model(meet: Meet) -> None:
    """What rules are sure of is looked up first; the model is shown the answer, and its words stand apart."""
    table = meet(Said("assistant", "The RTX A4000 is the cheapest."))
    await table.say("Which GPUs are there?")
    assert "RTX 4090" in table.shown("figures")
    assert table.shown("model") == "The RTX A4000 is the cheapest."
    (shown,) = scripted(table).shown
    assert [type(turn).__name__ for turn in shown.turns] == ["Said", "Called", "Answered"]


async def test_a_model_calls_tools(meet: Meet) -> None:
    """One after the other, until it says something."""
    table = meet(Called("credit_balance", {}), LOOK, FINE)
    await table.say("Tell me something.")
    assert "balance" in table.shown("figures")
    assert "no runs" in table.shown("figures")


async def test_only_a_line_with_the_code_approves(meet: Meet) -> None:
    """It is matched by code and amount, and recorded as the human's; no model sees any of it."""
    table = meet(FINE)
    run = await table.world.run(JOB, wait=False)
    code = table.code
    assert code in await table.say("approve")
    assert "no offer that waits has that code" in await table.say("approve ZZZZ2222")
    assert "nothing was decided" in await table.say(f"approve {code} $9.99")
    assert "no offer that waits has that code" in await table.say(f"approve {run.run_id}")
    assert CODE_ALONE in await table.say(f"yes, I approve, it is {code}, go on")
    assert approval_of(table, run.run_id) is None
    await table.say(f"approve {code.lower()} $0.98")
    assert approval_of(table, run.run_id) is Decision.APPROVED
    assert table.taken_up == [run.run_id]
    assert scripted(table).shown == []
    assert code not in table.kept()


async def test_a_run_goes_on_where_a_human_says_so(meet: Meet) -> None:
    """In a line of its own; one that there is none of is words."""
    table = meet()
    run = await table.world.run(JOB, wait=False)
    await table.say("resume train-99", f"resume {run.run_id}")
    assert table.taken_up == [run.run_id]


async def test_a_no_takes_the_run(meet: Meet) -> None:
    """And no code."""
    table = meet()
    run = await table.world.run(JOB, wait=False)
    await table.say(f"deny {run.run_id}")
    assert approval_of(table, run.run_id) is Decision.DENIED


@pytest.mark.parametrize(
    "call",
    [
        Called("approve", {"run_id": "train-1", "code": "ZQXSECRETCODE1"}),
        Called("approve_run", {}),
        Called("rent_gpu_with_credits", {"gpu": "RTX 4090", "hours": 2, "run": "true"}),
        Called("terminate_pod", {"run_id": "train-1"}),
        Called("settle", {}),
    ],
)
async def test_there_is_no_tool_that_approves_or_spends(meet: Meet, call: Called) -> None:
    """Whatever a model calls it."""
    table = meet(call, FINE)
    run = await table.world.run(JOB, wait=False)
    await table.say("Do it.")
    assert "there is no tool" in table.shown("figures")
    assert approval_of(table, run.run_id) is None
    assert table.world.purchases == []


async def test_a_thread_survives_its_process(meet: Meet) -> None:
    """What was said, and a question that stood; the yes counts as if nothing had happened."""
    table = meet(SUBMIT)
    await table.say(JOB_WORDS)
    table.world.restart()
    await table.again()
    assert table.is_asked()
    assert "python train.py" in table.shown("question")
    await table.say("y")
    assert len(table.runs) == 1


async def test_what_was_said_is_remembered_and_may_be_forgotten(meet: Meet) -> None:
    """A model is shown the earlier messages of its thread, and of no other."""
    table = meet(FINE, FINE, FINE)
    await table.say("My name is Ada.")
    await table.again()
    await table.say("Who am I?")
    assert "Ada" in str(scripted(table).shown[1].turns)
    await table.forget()
    await table.say("And now?")
    assert "Ada" not in str(scripted(table).shown[2].turns)


async def test_a_message_that_was_cut_off_is_not_done_a_second_time(
    meet: Meet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run may have been submitted: killed in the middle, the thread says so and begins anew."""
    table = meet()
    await table.say(JOB_WORDS)
    noted = table.world.log.note

    def killed(*arguments: object, **named: object) -> None:
        raise Killed

    monkeypatch.setattr(table.world.log, "note", killed)
    with pytest.raises(Killed):
        await table.say("y")
    monkeypatch.setattr(table.world.log, "note", noted)
    assert len(table.runs) == 1
    await table.again()
    assert CUT_OFF in table.shown("note")
    await table.say("y")
    assert len(table.runs) == 1


async def test_a_model_that_repeats_itself_is_stopped(meet: Meet) -> None:
    """The same call twice, or too many."""
    table = meet(LOOK, LOOK)
    await table.say("Hm?")
    assert scripted(table).left == 0
    calls = [Called("run_logs", {"run_id": f"no-{number}"}) for number in range(MOST_CALLS + 1)]
    table = meet(*calls, FINE)
    await table.say("Hm?")
    assert scripted(table).left == 1


async def test_arguments_that_a_tool_does_not_take_are_dropped(meet: Meet) -> None:
    """Small models fill in whatever they have seen."""
    table = meet(Called("estimate_vram", {"model": "7B", "hours": 3, "gpu": None}), FINE)
    await table.say("Well?")
    assert "total gb" in table.shown("figures")


async def test_without_an_answer_the_conversation_goes_on(meet: Meet) -> None:
    """And what rules know is there all the same."""
    table = meet(ModelUnavailable("away"), ModelUnavailable("away"))
    assert "away" in await table.say("Hello?")
    await table.say("Which GPUs are there?")
    assert "RTX 4090" in table.shown("figures")


async def test_a_model_that_holds_little_is_shown_less(meet: Meet) -> None:
    """Of the past and of long answers; the message itself is there."""
    table = meet(FINE, TooLong("too long"), FINE, TooLong("too long"), TooLong("too long"))
    await table.say("first " + "x" * 4000, "second")
    long, short = scripted(table).shown[1:3]
    assert "first" in str(long.turns)
    assert "first" not in str(short.turns)
    assert "in fewer words" in await table.say("third")


async def test_a_figure_of_a_models_own_is_called_that(meet: Meet) -> None:
    """Nobody is to take it for a price."""
    table = meet(Said("assistant", "It costs $0.49 an hour, so $123.45 in all."))
    said = await table.say("Which GPUs are there?")
    assert "$123.45 is a figure of the model's own" in said
    assert "$0.49 is a figure" not in said


async def test_keys_go_neither_to_a_model_nor_into_the_checkpoints(meet: Meet) -> None:
    """Those of the environment, and what looks like one."""
    table = meet(FINE)
    await table.say(f"My key is {KEY}, and hf_abcdefgh12345678 too.")
    assert "*" in str(scripted(table).shown[0].turns)
    for secret in (KEY, "hf_abcdefgh12345678"):
        assert secret not in str(scripted(table).shown) + table.kept()


async def test_money_is_spent_by_the_road_alone(meet: Meet) -> None:
    """From words to the end, with the human's two answers: to the job, and to the offer."""
    table = meet(SUBMIT)
    await table.say(JOB_WORDS, "y")
    (run_id,) = table.runs
    await table.world.drive(run_id, wait=False)
    await table.say(f"approve {table.code}")
    await table.world.drive(run_id)
    assert table.world.purchases == ["rent_with_credits"]
    assert table.world.charge(run_id).state is ChargeState.PAID
