"""What `langgraph dev` opens: the road, in the sandbox, whatever it is asked to run."""

import importlib.util
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from agent.errors import LeaseHeld
from agent.graph import STEPS
from agent.studio import studio_graph
from tests.fixtures_sandbox import sandbox
from tools.errors import SwineherdError
from tools.sandbox.endpoint import Endpoint
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.rows import Decision, Holder, RunStatus

__all__ = ["sandbox"]

ROOT = Path(__file__).parents[2]
APPROVE: Command[Any] = Command(resume={"decisions": [{"type": "approve"}]})
LOOK: Command[Any] = Command(resume={"cause": "changed"})

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def home(sandbox: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with a key for the real provider, which no test may reach."""
    monkeypatch.setenv("SWINEHERD_HOME", str(tmp_path))
    monkeypatch.setenv("GPUHOG_API_KEY", "ghk_0123456789abcdef0123")
    monkeypatch.setenv("GPUHOG_BASE_URL", "http://127.0.0.1:1/api")
    return tmp_path


def opened(home: Path) -> SqliteSpendLog:
    """The sandbox's store."""
    return SqliteSpendLog.open(home / "sandbox" / "spend.db")


def test_every_path_in_the_file_can_be_loaded() -> None:
    """By itself, as the server does; and the graph is the road, after a step that submits."""
    config = json.loads((ROOT / "langgraph.json").read_text())
    assert all((ROOT / place).is_dir() for place in config["dependencies"])
    for name, path in config["graphs"].items():
        file, _, attribute = path.partition(":")
        spec = importlib.util.spec_from_file_location(name, ROOT / file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        graph = getattr(module, attribute)
        assert isinstance(graph, CompiledStateGraph)
        assert graph.get_graph().nodes.keys() - {"__start__", "__end__"} == {"submit", *STEPS}
        assert graph.get_input_jsonschema()["properties"].keys() == {"run_id"}
        assert graph.get_output_jsonschema()["properties"].keys() == {"run_id"}


async def test_without_a_run_the_example_is_run(home: Path) -> None:
    """To its end, with play money; nothing lies where real money is."""
    ended = await studio_graph().ainvoke({})
    with closing(opened(home)) as log:
        run = log.run(ended["run_id"])
        assert run is not None
        assert (run.name, run.status, log.lease(run.run_id)) == ("hello", RunStatus.SUCCEEDED, None)
        assert {charge.base_url for charge in log.charges()} == {"the sandbox"}
    assert not (home / "spend.db").exists()


async def test_a_question_interrupts_and_only_an_answer_leads_on(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Studio resumes with is no yes; one that a human recorded elsewhere is."""
    (tmp_path / "job.yaml").write_text("run: echo hello\nhours: 1\n")
    monkeypatch.setattr("agent.studio.EXAMPLE", tmp_path / "job.yaml")
    (tmp_path / "policy.toml").write_text('[payment]\nrails = ["credits"]\n')
    graph, config = studio_graph(), RunnableConfig(configurable={"thread_id": "studio"})
    graph.checkpointer = InMemorySaver()
    asked = await graph.ainvoke({}, config)
    assert asked["__interrupt__"][0].value["action_requests"][0]["name"] == "pay"
    with closing(opened(home)) as log:
        (run,) = log.runs()
        again = await graph.ainvoke(APPROVE, config)
        assert "__interrupt__" in again
        assert log.charges() == []
        approval = log.approval(run.run_id)
        assert approval is not None
        log.decide(run.run_id, approval.code, approval.offer.amount, Decision.APPROVED, "me", approval.created_at)
        assert "__interrupt__" not in await graph.ainvoke(LOOK, config)
        ended = log.run(run.run_id)
        assert ended is not None
        assert ended.status is RunStatus.SUCCEEDED


async def test_a_run_that_somebody_drives_is_left_to_them(home: Path) -> None:
    """And one that the sandbox's store has not is none."""
    with pytest.raises(SwineherdError, match="no run nobody-1"):
        await studio_graph().ainvoke({"run_id": "nobody-1"})
    graph = studio_graph()
    run_id = (await anext(graph.astream({}, stream_mode="updates")))["submit"]["run_id"]
    with closing(opened(home)) as log:
        run = log.run(run_id)
        assert run is not None
        other = Holder("boot", 1, "1.0", "elsewhere")
        log.take_lease(run_id, other, run.created_at, 10**6, lambda _: True)
    with pytest.raises(LeaseHeld):
        await graph.ainvoke({"run_id": run_id})
