"""A conversation: what is looked up, what is asked before it is done, and what no model can do."""

import pytest

from agent.mind.port import Called, ModelUnavailable, Said, TooLong
from agent.mind.scripted import ScriptedMind
from agent.talk.conversation import CODE_ALONE, CUT_OFF
from agent.talk.graph import MOST_CALLS
from policies.charge import ChargeState
from tests.agent.talk.conftest import Meet
from tests.agent.talk.table import KEY, Table
from tests.agent.watched import Killed
from tests.agent.world import JOB
from tools.spend_log.rows import Decision

JOB_WORDS = "run `python train.py` for two hours on an RTX 4090, at most $5"
SUBMIT = Called("submit_job", {"description": "train"})
LOOK = Called("list_runs", {})
FINE = Said("assistant", "Fine.")


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


async def test_a_job_is_shown_first_and_submitted_after_a_yes(meet: Meet) -> None:
    """In the human's words; who drives it is told, and nothing is bought."""
    table = meet(SUBMIT)
    await table.say(JOB_WORDS)
    assert table.is_asked()
    assert table.runs == []
    for line in ("run           python train.py", "hours         2", "budget_usd    5.00", "accelerators  RTX4090"):
        assert line in table.shown("question")
    await table.say("y")
    assert table.taken_up == table.runs != []
    assert not table.is_asked()
    assert table.world.purchases == []


@pytest.mark.parametrize("answer", ["n", "no", "", "sure", "yes please do", "approve it"])
async def test_nothing_but_y_or_yes_is_a_yes(meet: Meet, answer: str) -> None:
    """Whatever else is typed leaves it undone; an empty line leaves the question where it is."""
    table = meet(SUBMIT, FINE)
    await table.say(JOB_WORDS, answer)
    assert table.runs == []


async def test_what_no_human_said_is_left_out_and_named(meet: Meet) -> None:
    """Figures and commands of a model's own get into no job."""
    made_up = {"hours": 9.0, "budget_usd": "500.00", "vram_gb": 80, "gpu": "H200", "job_file": "other.yaml"}
    table = meet(Called("submit_job", {"description": "rm -rf /", **made_up}))
    await table.say(JOB_WORDS, "y")
    assert "left out, as you did not say it: hours, budget_usd, vram_gb, gpu, job_file" in table.shown("question")
    (run_id,) = table.runs
    written = table.job_of(run_id)
    assert "hours: 2" in written
    assert "budget_usd: '5.00'" in written
    assert "rm -rf" not in written


async def test_what_rules_are_not_sure_of_is_shown_as_that(meet: Meet) -> None:
    """Where `run` would ask, the human reads it before their yes."""
    table = meet()
    await table.say("run `python train.py` for 2 hours on whatever flurgy 4090 is left, at most $5", "y")
    assert "RTX4090 (not sure that you meant this" in table.shown("question")
    written = table.job_of(table.runs[0])
    assert "RTX4090" in written
    assert "hours: 2" in written


async def test_a_quote_is_for_what_was_said(meet: Meet) -> None:
    """And not for what a model makes up."""
    table = meet(Called("quote_job", {"hours": 9, "vram_gb": 80, "budget_usd": "1.00"}), FINE)
    await table.say("Well, `python train.py` runs for 2 hours on a 4090: tell me the price.")
    assert "$0.98" in table.shown("figures")


async def test_what_was_said_before_counts(meet: Meet) -> None:
    """A model may put a job together from several messages; every figure is one that the human said."""
    table = meet(
        Said("assistant", "How long?"),
        Called("submit_job", {"description": "it", "hours": 3, "budget_usd": "4.00"}),
    )
    await table.say("I have 3 hours and at most $4 for this folder", "then `python train.py` it is", "y")
    written = table.job_of(table.runs[0])
    assert "hours: 3" in written
    assert "budget_usd: '4.00'" in written


async def test_a_job_that_a_model_overlooks_is_proposed_all_the_same(meet: Meet) -> None:
    """Small models talk instead of calling."""
    table = meet(Said("assistant", "You can use submit_job for this."))
    await table.say(JOB_WORDS, "y")
    assert len(table.runs) == 1


async def test_what_is_open_is_asked_and_the_answer_completes_it(meet: Meet) -> None:
    """With no model; the answer to a question about the command alone is the command."""
    table = meet()
    (table.folder / "train.py").unlink()
    assert "What is the command" in await table.say("two hours on an RTX 4090, at most $5")
    await table.say("sleep 3; echo done", "y")
    written = table.job_of(table.runs[0])
    assert "run: sleep 3; echo done" in written
    assert "hours: 2" in written


async def test_a_job_file_is_run_as_it_was_shown(meet: Meet) -> None:
    """One that is edited between the question and the yes is asked about anew."""
    call = Called("submit_job", {"job_file": "job.yaml"})
    table = meet(call, call)
    file = table.folder / "job.yaml"
    file.write_text("run: python train.py\nhours: 2\n")
    await table.say("take job.yaml, please")
    file.write_text("run: python evil.py\nhours: 2\n")
    assert "has changed since it was shown" in await table.say("y")
    assert table.runs == []
    await table.say("take job.yaml, please", "y")
    assert "evil.py" in table.job_of(table.runs[0])


async def test_an_offer_is_changed_after_a_yes(meet: Meet) -> None:
    """Another one is asked for in place of the one that waits, of the newest run where a model made its id up."""
    table = meet(Called("change_run", {"run_id": "train-3f9a01bc7d", "hours": 3, "pay_by": None}))
    run = await table.world.run(JOB, wait=False)
    await table.say("make that three, would you", "y")
    assert table.taken_up == [run.run_id]
    assert [wish.wish.hours for wish in table.world.log.wishes(run.run_id)] == [3]


async def test_an_offer_that_was_replaced_since_is_not_changed(meet: Meet) -> None:
    """The yes was to another one."""
    table = meet()
    run = await table.world.run(JOB, wait=False)
    await table.say("make it 3 hours")
    assert table.is_asked()
    table.world.clock.advance(3601)
    await table.world.drive(run.run_id, wait=False, fresh=True)
    assert "is another one by now" in await table.say("y")
    assert table.world.log.wishes(run.run_id) == []


async def test_a_run_is_cancelled_after_a_yes(meet: Meet) -> None:
    """Or at once where the human names it in a command of its own."""
    table = meet()
    run = await table.world.run(JOB, wait=False)
    await table.say("please cancel it")
    assert not table.world.parts.run(run.run_id).cancel_requested
    await table.say("yes")
    assert table.world.parts.run(run.run_id).cancel_requested
    other = await table.world.run(JOB.replace("hours: 2", "hours: 1"), wait=False)
    await table.say(f"cancel {other.run_id}")
    assert table.world.parts.run(other.run_id).cancel_requested


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


def scripted(table: Table) -> ScriptedMind:
    """The model at the table."""
    mind = table.world.parts.mind
    assert isinstance(mind, ScriptedMind)
    return mind


def approval_of(table: Table, run_id: str) -> Decision | None:
    """What was decided about the run's offer."""
    asked = table.world.log.approval(run_id)
    assert asked is not None
    return asked.decision
