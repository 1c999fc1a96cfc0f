"""swineherd as tools for a model: what they are, what they answer, and that what they ask for goes the whole road."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.herd import Herd
from agent.mind.toolkit import acting_tools, reading_tools
from policies.policy import Chat, Policy
from tests.agent.conftest import MakeWorld
from tests.agent.mind.toolbox import Toolbox
from tests.agent.world import ASK, AUTO, CHECKOUT, World
from tools.errors import MarketUnavailable
from tools.ports import GpuPeak
from tools.spend_log.rows import RunStatus
from tools.ssh.snapshot import pack

READING = {
    "list_gpus": set(),
    "api_docs": set(),
    "credit_packs": set(),
    "credit_balance": set(),
    "pig_chat": {"message"},
    "order_status": {"run_id"},
    "quote_job": set(),
    "list_runs": set(),
    "run_status": {"run_id"},
    "run_logs": {"run_id"},
    "why_gpu": {"run_id"},
    "spend": set(),
    "estimate_vram": {"model"},
}
ACTING = {
    "submit_job": set(),
    "rent_gpu": {"gpu", "hours"},
    "rent_gpu_with_credits": {"gpu", "hours"},
    "cancel_run": {"run_id"},
    "stop_pod": {"run_id"},
    "start_pod": {"run_id"},
    "terminate_pod": {"run_id"},
}
JOB = {"run": "python train.py", "gpu": "RTX 4090", "hours": 2}


@pytest.fixture
def asking(make_world: MakeWorld) -> World:
    """A world in which a human is asked about every order."""
    return make_world(ASK)


def test_two_groups(world: World, tmp_path: Path) -> None:
    """Those that read need no folder; their names and what they insist on are fixed."""
    reading, acting = reading_tools(world.parts), acting_tools(world.parts, pack, tmp_path)
    for tools, expected in ((reading, READING), (acting, ACTING)):
        schemas = {tool.name: convert_to_openai_tool(tool)["function"] for tool in tools}
        required = {name: set(schema["parameters"].get("required", [])) for name, schema in schemas.items()}
        assert required == expected


def test_a_herd_hands_them_out(world: World, tmp_path: Path) -> None:
    """Both groups, on its own parts."""
    herd = Herd(world.parts, world.driver(), pack)
    assert {tool.name for tool in herd.reading_tools()} == READING.keys()
    assert {tool.name for tool in herd.acting_tools(tmp_path)} == ACTING.keys()


def test_every_argument_is_described_and_nothing_else_is_taken(world: World) -> None:
    """With its unit where it has one; a money argument is text, as no float holds money."""
    for tool in Toolbox(world).tools.values():
        schema = convert_to_openai_tool(tool)["function"]
        assert len(schema["description"]) > 60
        for name, field in schema["parameters"]["properties"].items():
            assert field.get("description"), f"{tool.name}.{name}"
    fields = convert_to_openai_tool(Toolbox(world).tools["submit_job"])["function"]["parameters"]["properties"]
    for name, unit in (("hours", "hours"), ("budget_usd", "US dollars"), ("vram_gb", "GB")):
        assert unit in fields[name]["description"]
    assert "string" in json.dumps(fields["budget_usd"])


async def test_the_market(world: World) -> None:
    """GPUs by price, packs, the balance and the documentation."""
    box = Toolbox(world)
    gpus = await box.ask("list_gpus")
    assert [one["name"] for one in gpus["offers"]] == ["RTX 3090", "RTX 4090", "A100 80GB"]
    assert gpus["offers"][0]["price_per_hour_usd"] == "0.34"
    assert (await box.ask("credit_packs"))["packs"][0]["price_usd"] == "5.00"
    assert await box.ask("credit_balance") == {"balance_usd": "25.00", "purchased_usd": "25.00", "spent_usd": "0.00"}
    assert (await box.ask("api_docs"))["said"] == ["name: GPU Hog", "version: 2.0"]
    assert (await box.ask("pig_chat", message="which GPU?"))["said"] == ["Oink. You said: which GPU?"]


async def test_a_quote_spends_nothing(asking: World) -> None:
    """It says what would be decided, from fields or from words."""
    box = Toolbox(asking)
    quote = await box.ask("quote_job", hours=2, gpu="RTX 4090")
    assert (quote["decision"], quote["offers"][0]["total_usd"]) == ("ask", "0.98")
    in_words = await box.ask("quote_job", description="two hours on an A100, at most $5")
    assert [one["name"] for one in in_words["offers"]] == ["A100 80GB"]
    assert in_words["job"]["budget_usd"] == "5.00"
    assert asking.purchases == []
    assert asking.market.orders == {}


async def test_a_request_is_a_run_that_somebody_drives(world: World) -> None:
    """What a tool asked for goes the whole road, and can be looked at on every step of it."""
    box = Toolbox(world)
    asked = await box.ask("submit_job", **JOB, outputs=["metrics.json"])
    assert world.purchases == []
    ended = await world.drive(asked["run_id"])
    assert ended.status is RunStatus.SUCCEEDED
    status = await box.ask("run_status", run_id=ended.run_id)
    assert (status["status"], status["spent_usd"], status["orders"]) == ("succeeded", "0.98", ["HOG-…0001"])
    assert (await box.ask("list_runs"))["runs"][0]["run_id"] == ended.run_id
    assert (await box.ask("order_status", run_id=ended.run_id))["pods"][0]["status"] == "terminated"
    spend = await box.ask("spend")
    assert spend["totals"]["spent_usd"] == "0.98"
    assert [one["order_id"] for one in spend["charges"]] == ["HOG-…0001"]
    world.check()


async def test_a_pod_that_runs(world: World) -> None:
    """How busy it is and was at most; neither its address nor its whole order id."""
    box = Toolbox(world)
    world.pods.peak = GpuPeak(16_486, 24_564, 97)
    run_id = (await box.ask("submit_job", **JOB))["run_id"]
    assert "no pod yet" in await box.call("order_status", run_id=run_id)
    await world.drive(run_id)
    world.market.orders[world.log.orders(run_id)[0].order_id].status = "running"
    (pod,) = (await box.ask("order_status", run_id=run_id))["pods"]
    assert (pod["status"], pod["gpu_util_percent"], pod["mem_util_percent"]) == ("running", 23, 18)
    assert "203.0.113.42" not in box.answers[-1]
    used = ["RTX 4090: up to 16.1 of 24 GB of GPU memory used, GPU up to 97 % busy"]
    for tool in ("order_status", "run_status"):
        assert (await box.ask(tool, run_id=run_id))["used_at_most"] == used


async def test_a_job_in_words(asking: World) -> None:
    """What the text says is read as `run` reads it, and told with where it is from."""
    box = Toolbox(asking)
    asked = await box.ask("submit_job", description="run `python train.py` for 2 hours on an RTX 4090, at most $3")
    assert asked["job"]["run"] == "python train.py"
    assert asked["job"]["budget_usd"] == "3.00"
    assert asked["understood"]["hours"] == "2 (said)"


async def test_what_is_open_is_a_question_for_the_human(asking: World) -> None:
    """And no run."""
    box = Toolbox(asking)
    (box.folder / "train.py").unlink()
    for words in ("train it for two hours", "run `python x.py` for 2 hours, budget 3 euros"):
        assert (await box.call("submit_job", description=words)).startswith("question for the human: ")
    assert asking.log.runs() == []


async def test_renting_is_a_request_with_a_gpu_and_hours(asking: World) -> None:
    """By name or id; the rail must be one of the policy's."""
    box = Toolbox(asking)
    asked = await box.ask("rent_gpu_with_credits", run="python train.py", gpu="NVIDIA RTX 3090", hours=3)
    assert asked["job"]["resources"]["accelerators"] == ["RTX 3090"]
    assert asked["job"]["hours"] == 3
    assert "by card" in asked["payment"]
    assert "no GPU of that name" in await box.call("rent_gpu", run="true", gpu="H900", hours=1)
    assert asking.market.orders == {}


async def test_a_rail_that_is_not_there_is_refused(make_world: MakeWorld) -> None:
    """With the remedy."""
    by_card = Toolbox(make_world(CHECKOUT))
    assert "payment.rails" in await by_card.call("rent_gpu_with_credits", run="true", gpu="RTX 3090", hours=1)
    no_key = Toolbox(make_world(ASK, has_key=False))
    assert "GPUHOG_API_KEY" in await no_key.call("rent_gpu_with_credits", run="true", gpu="RTX 3090", hours=1)
    assert "GPUHOG_API_KEY" in await no_key.call("credit_balance")


async def test_the_same_job_is_asked_for_once(world: World) -> None:
    """Models repeat their calls; a job whose files have changed is another."""
    box = Toolbox(world)
    first, again = await box.ask("submit_job", **JOB), await box.ask("submit_job", **JOB)
    assert first["run_id"] == again["run_id"]
    assert len(list((world.home.path / "runs").iterdir())) == 1
    (box.folder / "train.py").write_text("print('else')\n")
    assert (await box.ask("submit_job", **JOB))["run_id"] != first["run_id"]


async def test_a_request_that_nobody_waits_for_leaves_nothing(world: World) -> None:
    """A client whose patience ends while files are packed: no run, and no folder of one."""
    box, packing, go_on = Toolbox(world), threading.Event(), threading.Event()

    def slow(*given: Any, **named: Any) -> Any:
        packing.set()
        assert go_on.wait(10)
        return pack(*given, **named)

    (submit_job, *_) = acting_tools(world.parts, slow, box.folder)
    asking = asyncio.create_task(submit_job.ainvoke(JOB))
    await asyncio.to_thread(packing.wait, 10)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    runs = world.home.path / "runs"
    assert [*runs.iterdir()]
    go_on.set()
    for _ in range(1000):
        if not [*runs.iterdir()]:
            break
        await asyncio.sleep(0.01)
    assert [*runs.iterdir()] == []
    assert world.log.runs() == []


@pytest.mark.parametrize("name", ["cancel_run", "stop_pod", "terminate_pod"])
async def test_ending_goes_through_cancel(world: World, name: str) -> None:
    """Nothing is stopped or ended by the tool itself: whoever drives the run collects first."""
    box = Toolbox(world)
    run_id = (await box.ask("submit_job", **JOB))["run_id"]
    answer = await box.ask(name, run_id=run_id)
    assert f"swineherd cancel {run_id}" in answer["next"]
    assert world.log.run(run_id).cancel_requested  # type: ignore[union-attr]
    assert (await world.drive(run_id)).status is RunStatus.CANCELLED
    assert "ended already" in (await box.ask(name, run_id=run_id))["next"]
    assert {"stop", "terminate"} & set(world.calls) == set()


async def test_starting_a_pod_is_left_to_a_human(world: World) -> None:
    """It costs an hour: the answer says how."""
    box = Toolbox(world)
    run_id = (await box.ask("submit_job", **JOB))["run_id"]
    assert f"swineherd resume {run_id}" in await box.call("start_pod", run_id=run_id)
    assert "start" not in world.calls


async def test_a_run_that_waits_for_a_human(asking: World) -> None:
    """Says for what and until when, and who can answer; the code is for humans."""
    box = Toolbox(asking)
    run_id = (await box.ask("submit_job", **JOB))["run_id"]
    await asking.drive(run_id, wait=False)
    waits = (await box.ask("run_status", run_id=run_id))["waits_for"]
    assert (waits["approval_usd"], waits["how"].startswith("a human approves")) == ("0.98", True)
    assert "ZQXSECRETCODE" not in "".join(box.answers)


async def test_a_link_is_for_humans(make_world: MakeWorld) -> None:
    """The answer says where it is shown."""
    world = make_world(CHECKOUT)
    box = Toolbox(world)
    run_id = (await box.ask("submit_job", **JOB))["run_id"]
    await world.drive(run_id, wait=False)
    waits = (await box.ask("run_status", run_id=run_id))["waits_for"]
    assert (waits["payment_usd"], "swineherd show" in waits["how"]) == ("0.98", True)
    assert "checkout.stripe.com" not in "".join(box.answers)


async def test_the_estimator(world: World) -> None:
    """Parts that add up, what was assumed, and whole GB with headroom."""
    box = Toolbox(world)
    found = await box.ask("estimate_vram", model="Llama-3 8B", method="qlora", context_tokens=2048, batch=1)
    assert found["model"] == "Llama 3 8B"
    assert sum(float(size) for size in found["parts_gb"].values()) == pytest.approx(float(found["total_gb"]))
    assert found["ask_for_gb"] > float(found["total_gb"])
    assert found["assumptions"]
    assert "no model of that name" in await box.call("estimate_vram", model="something")
    assert "cannot be trained" in await box.call("estimate_vram", model="7B", method="full", precision="int4")


async def test_errors_are_answers(world: World) -> None:
    """A provider that is away, and a run that is not there."""
    box = Toolbox(world)

    async def away() -> Any:
        raise MarketUnavailable("no answer from https://gpuhog.test about HOG-0123456789ab")

    world.market.gpus = away  # type: ignore[method-assign]
    answer = await box.call("list_gpus")
    assert answer == "refused: no answer from [link] about HOG-…89ab. The provider does not answer now; ask again later"
    assert "there is no run" in await box.call("run_status", run_id="nobody-1")


async def test_variables_that_the_policy_lists(make_world: MakeWorld) -> None:
    """Go along by name, as secrets; their values are in no answer and no store."""
    world = make_world(Policy(chat=Chat(job_envs=("WANDB_API_KEY",)), payment=AUTO.payment))
    world.change(variables={"WANDB_API_KEY": "wandb-value-123456"})
    box = Toolbox(world)
    asked = await box.ask("submit_job", **JOB, env_names=["WANDB_API_KEY"], envs={"EPOCHS": "1"})
    assert asked["job"]["variables"] == ["EPOCHS", "WANDB_API_KEY"]
    assert world.parts.job(asked["run_id"]).secrets == (("WANDB_API_KEY", None),)
    assert world.parts.job(asked["run_id"]).envs == (("EPOCHS", "1"),)
    assert "wandb-value" not in "".join(box.answers)
