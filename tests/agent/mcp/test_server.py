"""The MCP server: it has the tools of the toolkit and no others, and answers as they do."""

import json
from typing import Any

import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, METHOD_NOT_FOUND

from agent.mind.toolkit import reading_tools
from tests.agent.conftest import MakeWorld
from tests.agent.mcp.client import connected
from tests.agent.mind.test_toolkit import ACTING, JOB
from tests.agent.mind.toolbox import Toolbox
from tests.agent.world import ASK, World
from tools.errors import StoreUnusable
from tools.spend_log.rows import RunStatus

OUTSIDE = {"list_gpus", "api_docs", "credit_packs", "credit_balance", "pig_chat", "order_status", "quote_job"}
ENDS = {"cancel_run", "stop_pod", "terminate_pod"}
HANDSHAKES = pytest.mark.parametrize("mode", ["legacy", "auto"])


@pytest.fixture
def box(make_world: MakeWorld) -> Toolbox:
    """In a world where a human is asked about every order."""
    return Toolbox(make_world(ASK))


@HANDSHAKES
async def test_the_tools_are_those_of_the_toolkit(box: Toolbox, mode: str) -> None:
    """With the names, descriptions and schemas that `bind_tools` shows a model."""
    async with connected(box, mode) as client:
        listed = (await client.client.list_tools()).tools
        for tool in listed:
            await client.call(tool.name)  # each is there
    shown = [(tool.name, tool.description, tool.input_schema) for tool in listed]
    bound = [convert_to_openai_tool(tool)["function"] for tool in box.tools.values()]
    assert shown == [(one["name"], one["description"], one["parameters"]) for one in bound]
    assert {"list_gpus", "run_logs", "submit_job"} < {name for name, _, _ in shown}


async def test_annotations_say_what_each_does(box: Toolbox) -> None:
    """What only looks, what ends something, and what asks or leads to somebody outside."""
    async with connected(box) as client:
        notes = {tool.name: tool.annotations for tool in (await client.client.list_tools()).tools}
    looking = {tool.name for tool in reading_tools(box.world.parts)}
    assert {name for name, note in notes.items() if note and note.read_only_hint} == looking | {"start_pod"}
    assert {name for name, note in notes.items() if note and note.destructive_hint} == ENDS
    asking = ACTING.keys() - {"start_pod"}
    assert {name for name, note in notes.items() if note and note.open_world_hint} == OUTSIDE | asking


@HANDSHAKES
async def test_an_answer_is_text_and_an_object(box: Toolbox, mode: str) -> None:
    """The same one."""
    async with connected(box, mode) as client:
        answer = await client.call("credit_balance")
        assert not answer.is_error
        assert answer.structured_content == json.loads(await client.text("credit_balance"))
        assert answer.structured_content["balance_usd"] == "25.00"


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("run_status", {"run_id": "nobody-1"}, "there is no run nobody-1"),
        ("run_status", {"run_id": "a b"}, "refused: arguments: run_id"),
        ("run_status", {}, "refused: arguments: run_id"),
        ("submit_job", {"run": "true", "workdir": "/etc"}, "workdir"),
        ("submit_job", {"run": "true", "env_names": ["GPUHOG_API_KEY"]}, "chat.job_envs"),
        ("submit_job", {"type": "tool_call", "id": "1", "name": "submit_job", "args": {"run": "true"}}, "arguments"),
        ("run_status", {"run_id": "nobody-1", "config": {}, "run_manager": None}, "arguments"),
    ],
)
async def test_a_refusal_is_an_error_of_the_tool(box: Toolbox, name: str, given: dict[str, Any], words: str) -> None:
    """So that the model sees it, not one of the protocol; and nothing is asked for by it."""
    async with connected(box) as client:
        answer = await client.call(name, **given)
        assert answer.is_error
        assert answer.structured_content is None
        assert words in await client.text(name, **given)
    assert box.world.log.runs() == []


async def test_a_question_for_the_human_is_no_error(box: Toolbox) -> None:
    """It is to be passed on."""
    async with connected(box) as client:
        answer = await client.call("submit_job", description="run `python x.py` for 2 hours, budget 3 euros")
    assert not answer.is_error
    assert answer.structured_content is None
    assert "question for the human: " in answer.model_dump_json()


@HANDSHAKES
async def test_what_is_not_there_is_an_error_of_the_protocol(box: Toolbox, mode: str) -> None:
    """With its code, and the client can go on."""
    async with connected(box, mode) as client:
        with pytest.raises(MCPError, match="no tool 'approve'") as unknown:
            await client.call("approve", run_id="x", code="y")
        with pytest.raises(MCPError) as no_prompts:
            await client.client.list_prompts()
        assert (unknown.value.code, no_prompts.value.code) == (INVALID_PARAMS, METHOD_NOT_FOUND)
        assert not (await client.call("list_runs")).is_error


async def test_a_request_says_who_takes_it_up(box: Toolbox) -> None:
    """Nobody does without a worker: then it is the human's turn."""
    async with connected(box) as client:
        asked = json.loads(await client.text("submit_job", **JOB))
        assert f"nobody drives it: a human runs `swineherd resume {asked['run_id']}`" in asked["next"]
        log = box.world.log
        log.beat(box.world.holder, box.world.clock.now(), "")
        again = json.loads(await client.text("submit_job", **JOB))
        assert again["run_id"] == asked["run_id"]
        assert "it is driven, and what the policy does not pay unasked waits" in again["next"]
        assert f"swineherd approve {asked['run_id']}" in again["next"]
        log.retire(box.world.holder)


async def test_runs_are_resources(world: World) -> None:
    """The list, each of the last runs, and its log: what the tools answer."""
    box = Toolbox(world)
    async with connected(box) as client:
        assert [one.uri for one in (await client.client.list_resources()).resources] == ["swineherd://runs"]
        run_id = json.loads(await client.text("submit_job", **JOB))["run_id"]
        assert (await world.drive(run_id)).status is RunStatus.SUCCEEDED
        listed = (await client.client.list_resources()).resources
        assert [(one.uri, one.description) for one in listed[1:]] == [(f"swineherd://runs/{run_id}", "succeeded")]
        for uri, name, given in (
            ("swineherd://runs", "list_runs", {}),
            (f"swineherd://runs/{run_id}", "run_status", {"run_id": run_id}),
            (f"swineherd://runs/{run_id}/log", "run_logs", {"run_id": run_id}),
        ):
            assert await client.read(uri) == await client.text(name, **given)
        templates = (await client.client.list_resource_templates()).resource_templates
    assert [one.uri_template for one in templates] == ["swineherd://runs/{run_id}", "swineherd://runs/{run_id}/log"]


@pytest.mark.parametrize(
    "uri",
    [
        "swineherd://runs/nobody-1",
        "swineherd://runs/nobody-1/log",
        "swineherd://runs/",
        "swineherd://runs/../../etc/passwd",
        "swineherd://runs/HOG-0123456789ab",
        "swineherd://runs/a/log/log",
        "swineherd://runs?all=1",
        "file:///etc/passwd",
        "",
    ],
)
async def test_addresses_of_nothing(box: Toolbox, uri: str) -> None:
    """Invalid parameters, and no word of what lies elsewhere."""
    async with connected(box) as client:
        assert (await client.read(uri)).startswith(f"{INVALID_PARAMS} ")
    assert box.world.calls == []


async def test_without_a_store_there_are_still_resources(box: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list says what is wrong once it is read."""

    def broken(**_: Any) -> Any:
        raise StoreUnusable("the disk is gone")

    async with connected(box) as client:
        monkeypatch.setattr(box.world.log, "runs", broken)
        assert [one.uri for one in (await client.client.list_resources()).resources] == ["swineherd://runs"]
        assert "the disk is gone. A human runs `swineherd doctor`" in await client.read("swineherd://runs")
