"""What no model should say and no human should type: it is refused, and the conversation goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from agent.mind.port import Called, Said
from agent.talk.conversation import CODE_ALONE
from tests.agent.conftest import MakeWorld
from tests.agent.talk.conftest import Meet
from tests.agent.talk.table import Table
from tests.agent.world import ASK, JOB

JOB_WORDS = "run `python train.py` for two hours on an RTX 4090, at most $5"
FINE = Said("assistant", "Fine.")
HALF = "\ud800"


def nested(levels: int) -> dict[str, Any]:
    """An object in an object."""
    return {"a": nested(levels - 1)} if levels else {}


@pytest.mark.parametrize(
    "call",
    [
        Called(HALF, {}),
        Called("run_status", {HALF: HALF}),
        Called("run_status", {"run_id": 2**70}),
        Called("run_status", {"run_id": 10**5000}),
        Called("run_status", {"run_id": float("nan")}),
        Called("run_status", nested(900)),
        Called("run_status", {"run_id": "x" * 100_000}),
        Called("quote_job", {"hours": "sNaN", "budget_usd": "9" * 5000}),
    ],
    ids=["name", "half characters", "big", "huge", "nan", "deep", "long", "no number"],
)
async def test_absurd_arguments_end_no_conversation(meet: Meet, call: Called) -> None:
    """No checkpoint could hold some of them: the tool is called without, and the model hears what it says."""
    table = meet(call, FINE, FINE)
    await table.say("Tell me something.")
    assert table.shown("model") == "Fine."
    assert len(table.kept()) < 30_000
    await table.again()
    assert "Fine." in await table.say("And now?")


async def test_half_a_character_is_no_word(meet: Meet) -> None:
    """Of a model's, or of a human's whose terminal sends bytes that are no UTF-8."""
    table = meet(Said("assistant", f"So {HALF}so{HALF}"))
    assert table.shown("model").encode() in (await table.say(f"Well{HALF}?")).encode()


async def test_a_models_own_names_are_shown_to_nobody(meet: Meet) -> None:
    """A human would read them as ours: of a tool, and of a field."""
    fake = "H200 for $0.01"
    table = meet(Called(fake, {}), Called("submit_job", {fake: "x"}))
    await table.say(JOB_WORDS)
    assert table.is_asked()
    assert fake not in table.shown("figures") + table.shown("question") + table.shown("note")


async def test_a_model_makes_no_figure_known_by_itself(meet: Meet) -> None:
    """By saying it before, or to a tool."""
    table = meet(Called("run_status", {"run_id": "a-12.34"}), Said("assistant", "$12.34"), Said("assistant", "$12.34"))
    await table.say("Hm?", "And?")
    assert table.shown("note").count("$12.34 is a figure of the model's own") == 2


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: f"approve{code}",
        lambda code: f"ok,{code}_go",
        lambda code: f"approve-{code[:4]}-{code[4:]}",
        lambda code: f"{code[:4]} {code[4:]} is it",
        lambda code: "yes, " + "".join(chr(ord(letter) + 0xFEE0) for letter in code),
    ],
    ids=["glued", "between marks", "with dashes", "in two", "wide letters"],
)
async def test_a_code_reaches_no_model_however_it_is_typed(meet: Meet, typed: Callable[[str], str]) -> None:
    """Nor a checkpoint."""
    table = meet(FINE)
    await table.world.run(JOB, wait=False)
    line = typed(table.code)
    assert CODE_ALONE in await table.say(line)
    assert line not in table.kept()


async def test_a_yes_is_to_what_was_shown_here(make_world: MakeWorld) -> None:
    """Another process asks something else on the same thread: a yes shows that, and does nothing."""
    here = Table(make_world(ASK))
    await here.say(JOB_WORDS)
    there = Table(here.world)
    await there.again()
    await there.say("n", JOB_WORDS.replace("two hours", "nine hours"))
    assert "hours         9" in await here.say("y")
    assert here.is_asked()
    assert here.runs == []
    await here.say("y")
    assert len(here.runs) == 1


async def test_a_yes_is_to_the_folder_and_the_policy_that_were_shown(make_world: MakeWorld) -> None:
    """The same thread in another folder would upload what lies there."""
    table = Table(make_world(ASK))
    await table.say(JOB_WORDS)
    table.folder = table.world.root / "letters"
    table.folder.mkdir()
    await table.again()
    assert table.is_asked()
    assert "say again what to run" in await table.say("y")
    assert table.runs == []
