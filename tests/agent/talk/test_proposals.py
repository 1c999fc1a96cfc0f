"""What a conversation would do for a human: shown first, and done after a yes as it was shown."""

import pytest

from agent.mind.port import Called, Said
from agent.submit import BadJob
from agent.talk import proposals
from tests.agent.talk.conftest import Meet
from tests.agent.talk.table import FINE, JOB_WORDS, SUBMIT
from tests.agent.world import JOB


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


async def test_the_last_word_is_the_humans(meet: Meet) -> None:
    """What rules are sure of in the message at hand counts before a figure that a model has from an earlier one."""
    table = meet(FINE, Called("submit_job", {"hours": 9}))
    await table.say("I once thought of nine hours.", JOB_WORDS)
    assert "hours         2" in table.shown("question")


async def test_a_job_that_a_model_overlooks_is_proposed_all_the_same(meet: Meet) -> None:
    """Small models talk instead of calling."""
    table = meet(Said("assistant", "You can use submit_job for this."))
    await table.say(JOB_WORDS, "y")
    assert len(table.runs) == 1


@pytest.mark.parametrize(
    "call",
    [
        Called("submit_job", {"job_file": "train.py"}),
        Called("cancel_run", {"run_id": "train-3f9a01bc7d"}),
        Called("change_run", {"run_id": "train-1", "hours": 10**9}),
    ],
)
async def test_a_call_that_comes_to_nothing_is_not_in_the_way_of_a_plain_job(meet: Meet, call: Called) -> None:
    """A script taken for a job file, a run that there is none of, figures that no form takes."""
    table = meet(call)
    said = await table.say(JOB_WORDS)
    assert "refused" not in said
    assert "run           python train.py" in table.shown("question")
    await table.say("y")
    assert len(table.runs) == 1


async def test_a_job_that_can_not_be_is_refused_once(meet: Meet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read by a model, and by rule after it."""

    def refuse(*_: object) -> None:
        raise BadJob("workdir: gone")

    monkeypatch.setattr(proposals, "check", refuse)
    table = meet(SUBMIT)
    assert (await table.say(JOB_WORDS)).count("workdir: gone") == 1
    assert not table.is_asked()


@pytest.mark.parametrize(("words", "is_asked"), [(f"Please {JOB_WORDS}.", True), (f"Shall I {JOB_WORDS}?", False)])
async def test_a_plain_job_is_proposed_after_a_look_too(meet: Meet, words: str, *, is_asked: bool) -> None:
    """Small models quote it, and lecture; what only asks is answered by that."""
    table = meet(Called("list_gpus", {}), Said("assistant", "You can use quote_job."))
    await table.say(words)
    assert table.is_asked() == is_asked
    assert not table.shown("note")


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
