"""What LangSmith is told where its variables switch it on: steps, states and questions, and no secret."""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from langchain_core.runnables import RunnableLambda
from langsmith import Client, get_tracing_context, tracing_context
from langsmith.utils import tracing_is_enabled
from pydantic import SecretStr

from agent import discreet
from agent.discreet import Discreet
from agent.drive import Driver
from agent.mind.choice import ModelChoice
from agent.mind.model import OpenAiMind
from agent.mind.port import Said
from tests.agent.conftest import MakeWorld
from tests.agent.mind.scenarios import INSTRUCTIONS, WISH, Wish
from tests.agent.mind.tape import KEY
from tests.agent.world import ASK, CHECKOUT, JOB, World
from tests.fakes.clock import FakeClock
from tests.fakes.langsmith_server import FakeLangSmith, listening, told_of_this_process
from tests.fakes.model_server import says, serving
from tools.errors import TransferFailed
from tools.spend_log.rows import Decision

SECRET = "pw 0123 s3cret"
TOKEN = "t0ken of the job"
ORDER = "HOG-a1b2c3d4e5f6"
LOST = "LangSmith takes no traces; all else goes on"


@pytest.fixture(autouse=True)
def others_stay_as_they_are() -> Iterator[None]:
    """LangSmith's logger loses its filters again."""
    yield
    logging.getLogger("langsmith.client").filters.clear()


@pytest.fixture
def langsmith() -> Iterator[FakeLangSmith]:
    """One that is told what this process does."""
    with listening() as fake, told_of_this_process(fake):
        yield fake


def driver_of(world: World) -> Driver:
    return replace(world.driver(), discreet=Discreet([SECRET]))


async def test_nothing_is_told_where_nobody_switched_it_on() -> None:
    """And there is no client."""
    private = Discreet([SECRET])
    with private.telling():
        assert get_tracing_context()["client"] is None
    await private.aclose()


async def test_a_run_is_told_without_secrets(
    make_world: MakeWorld, langsmith: FakeLangSmith, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its steps and its state; not the code it was approved by, nor an order's id, nor what came into an error."""
    world = make_world(ASK)

    async def broken(*_: object) -> None:
        raise TransferFailed(f"{ORDER}: {SECRET}, {TOKEN}, ghk_0123456789abcdef")

    monkeypatch.setattr(type(world.pods), "connect", broken)
    world.change(variables={"WANDB": TOKEN})
    run_id = world.submit(JOB + "secrets: {WANDB: null}\n")
    driver = driver_of(world)
    world.clock.at(60, lambda: world.decide(run_id, Decision.APPROVED))
    await driver.drive(run_id, wait=True)
    await driver.discreet.aclose()

    reason = f"run_job: HOG-…e5f6: {'*' * len(SECRET)}, {'*' * len(TOKEN)}, {'*' * 20}"
    assert '"name":"run_job"' in langsmith.told
    assert json.dumps(reason, ensure_ascii=False) in langsmith.told
    assert world.purchases == ["rent_with_credits"]
    assert not [word for word in (SECRET, TOKEN, ORDER, "ghk_", "ZQXSECRETCODE", "key-1") if word in langsmith.told]
    assert not [order for order in world.market.orders if order in langsmith.told]


async def test_a_link_to_pay_is_not_told(make_world: MakeWorld, langsmith: FakeLangSmith) -> None:
    """It is nowhere in what the graph carries, and who has it may pay, or look, in another's place."""
    world = make_world(CHECKOUT)
    run_id = world.submit()
    driver = driver_of(world)
    world.pay_at(60)
    await driver.drive(run_id, wait=True)
    await driver.discreet.aclose()
    (link,) = [order.checkout_url for order in world.log.orders(run_id)]
    assert link
    assert '"name":"escalate"' in langsmith.told
    assert link not in langsmith.told


async def test_a_question_is_told_without_secrets(langsmith: FakeLangSmith) -> None:
    """What was asked and answered, for whoever improves prompts; keys are not."""
    told = [Said("user", f"my key is {SECRET} or sk-0123456789abcdef, of {ORDER}, and I am Ann")]
    with serving(says(WISH.model_dump_json())) as server:
        choice = ModelChoice(server.url, "herder", SecretStr(KEY), "json_schema")
        mind = OpenAiMind(choice, FakeClock(), discreet=Discreet([SECRET, KEY]))
        assert await mind.fill(Wish, INSTRUCTIONS, told) == WISH
        await mind.aclose()
    assert "I am Ann" in langsmith.told
    assert not [word for word in (SECRET, "sk-0123456789abcdef", ORDER, KEY) if word in langsmith.told]


async def test_a_program_s_own_client_is_left_to_it(langsmith: FakeLangSmith) -> None:
    """It may have an anonymizer of its own, or another place to tell things to."""
    theirs = Client(api_url=langsmith.url, api_key="theirs", auto_batch_tracing=False)
    private = Discreet([SECRET])
    with tracing_context(client=theirs), private.telling():
        assert get_tracing_context()["client"] is theirs
    theirs.close()


async def test_what_was_around_stays(langsmith: FakeLangSmith) -> None:
    """A project and tags that a program has set hold inside, and nothing of ours is left outside."""
    private = Discreet()
    with tracing_context(project_name="theirs", tags=["a"]):
        with private.telling():
            inside = get_tracing_context()
            assert (inside["project_name"], inside["tags"]) == ("theirs", ["a"])
        assert get_tracing_context()["client"] is None
    await private.aclose()


async def test_variables_that_can_not_be_used_are_said_and_stop_nothing(
    langsmith: FakeLangSmith, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is told by another client in our place: it would not know what to keep."""
    monkeypatch.setenv("LANGSMITH_RUNS_ENDPOINTS", "no JSON")
    private = Discreet([SECRET])
    for _ in range(2):
        with private.telling():
            assert not tracing_is_enabled()
            assert await RunnableLambda(lambda words: words).ainvoke(SECRET) == SECRET
    await private.aclose()
    assert [record.getMessage() for record in caplog.records if record.name.startswith("swine")] == [LOST]
    assert SECRET not in langsmith.told


async def test_a_langsmith_that_is_away_is_named_once(
    langsmith: FakeLangSmith, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much is lost; nothing waits for it."""
    monkeypatch.setattr(discreet, "GOODBYE_SECONDS", 0.5)
    langsmith.url = "http://127.0.0.1:9"
    private = Discreet()
    with told_of_this_process(langsmith):
        for _ in range(3):
            with private.telling():
                await RunnableLambda(lambda words: words).ainvoke("oink")
                await asyncio.to_thread(get_tracing_context()["client"].flush, 5)
        await private.aclose()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [LOST]
