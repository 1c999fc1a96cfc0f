"""How a run ended, in a few plain sentences; every figure is the spend log's."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agent.chat.news import ended
from agent.result import run_result, summary_in
from agent.summary import span_words, summary
from policies.policy import Policy, Recovery
from tests.agent.conftest import MakeWorld
from tests.agent.lost_pods import lose_first_pod_at
from tests.agent.minds import advises, says
from tests.agent.world import ANY_GPU, ASK, AUTO, JOB, World
from tests.fakes.faults import AnswerLost, Garble
from tests.fakes.pods import Script
from tools.spend_log.rows import Run


def report(world: World, run: Run) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(world.home.run(run.run_id).report.read_text(encoding="utf-8"))
    return document


async def test_a_run_that_is_well(world: World) -> None:
    """What it ran on, for how long, what that cost, what of it was not used, and where the outputs are."""
    run = await world.run()
    (order,) = world.log.orders(run.run_id)
    assert order.gone_at is not None
    assert order.paid_from is not None
    up = order.gone_at - order.paid_from
    unused = 98 * (timedelta(hours=2) - up) // timedelta(hours=2)
    assert 0 < unused < 98
    used = f"the pod was up for {span_words(up)}, so that $0.{unused} of it was not used."
    assert report(world, run)["summary"] == [
        "train ended as succeeded.",
        f"RTX 4090 (24 GB) cost $0.98 for 2 h; {used}",
        f"The outputs it left are in {run.outputs_dir}.",
    ]
    told = world.face.lines[-2:]
    assert told == report(world, run)["summary"][1:]


async def test_shorter_hours_are_used_up_sooner(world: World) -> None:
    """A sandbox's paid hour may be a minute: what is used of two is counted by that."""
    run = await world.run()
    spent = summary(world.log, run.run_id, timedelta(minutes=1))[1]
    assert spent.startswith("RTX 4090 (24 GB) cost $0.98 for 2 h; the pod was up for ")
    assert "not used" not in spent


async def test_failures_that_were_overcome(world: World) -> None:
    """One sentence for each pod, and why there were two."""
    run_id = world.submit()
    lose_first_pod_at(world, 80)
    run = await world.drive(run_id)
    words = report(world, run)["summary"]
    assert [line[:24] for line in words[1:3]] == ["RTX 4090 (24 GB) cost $0"] * 2
    assert words[3] == "Another offer was looked for after this: the pod was ended while the job ran."


async def test_a_model_is_quoted(world: World) -> None:
    """Beside its name, once, and what to do next is the code's."""
    world.pods.scripts.extend([Script(log=b"?", code=3)] * 2)
    world.change(mind=says(advises("elsewhere", "a broken card"), advises("ask_human", "the data is gone")))
    run = await world.run(ANY_GPU)
    words = report(world, run)["summary"]
    assert words[0].endswith('`swineherd run` it again; scripted: "the data is gone".')
    assert words[3].endswith('a model advises another GPU; scripted: "a broken card".')
    assert words[-1] == (
        f"Next: `swineherd logs {run.run_id}` has its log; once it is mended, `swineherd run` runs it again."
    )
    assert "\n".join(words).count("scripted") == 2


async def test_a_run_that_bought_nothing(make_world: MakeWorld) -> None:
    """Refused: what it would need is a command away."""
    world = make_world(Policy(budget=replace(ASK.budget, max_price_per_hour=ASK.budget.max_price_per_hour / 100)))
    run = await world.run(JOB)
    words = report(world, run)["summary"]
    assert run.code == 3
    assert words[0].startswith("train ended as refused: no offer fits: ")
    assert words[1] == "Nothing was bought."
    assert words[2].startswith("Next: `swineherd quote` shows")


async def test_money_in_doubt_is_named_with_its_charge(world: World) -> None:
    """And with the command that settles it."""
    world.market.fail("rent_with_credits", Garble(b'{"order_id": "HOG-000000000001", "gpu": '))
    run = await world.run()
    charge = world.charge(run.run_id)
    assert run.code == 7
    expected = f"$0.98 may have been taken: `swineherd settle {charge.charge_id}` settles it."
    assert expected in report(world, run)["summary"]


async def test_money_that_is_gone_without_a_pod(world: World) -> None:
    """The account shows that it was taken; for which order nobody knows."""
    world.market.fail("rent_with_credits", AnswerLost())
    run = await world.run()
    words = report(world, run)["summary"]
    assert words[0].startswith("train ended as in doubt: ")
    assert words[1] == "RTX 4090 (24 GB) cost $0.98 for 2 h; which pod that was is not known."


async def test_outputs_that_stayed_away(make_world: MakeWorld) -> None:
    """Said in so many words: the pod was lost with them."""
    world = make_world(replace(AUTO, recovery=Recovery(max_pods_per_run=1)))
    run_id = world.submit()
    lose_first_pod_at(world, 80)
    words = report(world, await world.drive(run_id))["summary"]
    assert words[2:] == ["Its outputs did not come home.", "Next: `swineherd run` tries it again."]


async def test_a_chat_is_told_the_same(world: World) -> None:
    """What happened, between how it ended and where the outputs are."""
    run = await world.run()
    lines = ended(world.parts, run).lines
    assert lines[0] == "spent $0.98"
    assert lines[1] == report(world, run)["summary"][1]


async def test_what_show_reads_is_true_still(world: World) -> None:
    """From the report, while the money stands as it did then; a report that is broken or gone says nothing."""
    run = await world.run()
    path = world.home.run(run.run_id).report
    result = run_result(world.log, run.run_id, world.clock.now())
    assert summary_in(path, result) == report(world, run)["summary"]
    assert summary_in(path, result | {"spent_usd": "1.98"}) == []
    for broken in ("[]", "{", "{}", "null", "7"):
        path.write_text(broken, encoding="utf-8")
        assert summary_in(path, result) == []
    path.unlink()
    assert summary_in(path, result) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h 0 min"), (90_000, "25 h 0 min")],
)
def test_spans_in_words(seconds: int, words: str) -> None:
    """The two units that matter."""
    assert span_words(timedelta(seconds=seconds)) == words
