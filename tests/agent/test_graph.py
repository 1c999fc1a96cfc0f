"""The road as it is drawn: whole, and without anything that could spend twice by itself."""

import ast
import inspect
import json
from typing import get_args, get_type_hints

import pytest
from langgraph.graph import END

from agent import steps
from agent.graph import BEFORE_MONEY, HOMEWARD, STEPS, build_graph, ways_out
from tests.agent.conftest import MakeWorld
from tests.agent.watched import KeptSaver
from tests.agent.world import ASK, CHECKOUT, JOB

ROAD = ("intake", "discover", "pick", "rent", "escalate", "pay", "poll", "run_job", "collect", "terminate", "report")


def test_the_nodes_are_those_of_the_contract() -> None:
    """Twelve steps, each a file of its name."""
    assert set(STEPS) == {*ROAD, "diagnose"}
    for name, step in STEPS.items():
        assert inspect.getmodule(step) is not None
        assert step.__module__ == f"{steps.__name__}.{name}"


@pytest.mark.parametrize("name", STEPS)
def test_every_way_out_leads_somewhere(name: str) -> None:
    """Every `goto` a step's type names is a node or the end."""
    (named,) = get_args(get_type_hints(STEPS[name])["return"])
    assert set(get_args(named)) <= {*STEPS, END}
    assert set(ways_out(name, STEPS[name])) <= {*STEPS, END}


@pytest.mark.parametrize("name", STEPS)
def test_no_step_goes_where_its_type_does_not_say(name: str) -> None:
    """Every literal `goto` in a step's file is among its ways out: an unknown one would only be a warning."""
    module = inspect.getmodule(STEPS[name])
    assert module is not None
    said = {
        keyword.value.value
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "goto" and isinstance(keyword.value, ast.Constant)
    }
    assert said <= {str(way) for way in ways_out(name, STEPS[name])}


def test_every_step_can_be_reached_and_can_end() -> None:
    """From intake, and to the end, along the ways out."""
    ways = {name: set(ways_out(name, step)) for name, step in STEPS.items()}
    reached: set[str] = set()
    ahead = {"intake"}
    while ahead:
        reached |= ahead
        ahead = set().union(*(ways.get(name, set()) for name in ahead)) - reached
    assert reached == {*STEPS, END}
    for name in STEPS:
        assert "report" in _reach(ways, name) or name == "report"


def _reach(ways: dict[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    ahead = {start}
    while ahead:
        reached |= ahead
        ahead = set().union(*(ways.get(name, set()) for name in ahead)) - reached
    return reached


def test_the_drawing_shows_every_step() -> None:
    """`langgraph`'s own drawing has all nodes and an edge for every way out."""
    drawn = build_graph().get_graph()
    assert set(STEPS) <= set(drawn.nodes)
    edges = {(edge.source, edge.target) for edge in drawn.edges}
    for name, step in STEPS.items():
        assert {(name, way) for way in ways_out(name, step)} <= edges
    mermaid = drawn.draw_mermaid()
    assert all(name in mermaid for name in STEPS)


def test_no_step_is_repeated_by_the_graph_itself() -> None:
    """Some of them spend: no retry policy, and no cache either."""
    graph = build_graph()
    for name in STEPS:
        assert not graph.nodes[name].retry_policy
        assert graph.nodes[name].cache_policy is None
    assert not graph.retry_policy


def test_nothing_homeward_is_before_money() -> None:
    """The two groups of the guard do not overlap, and name real steps."""
    assert not BEFORE_MONEY & HOMEWARD
    assert set(STEPS) >= BEFORE_MONEY | HOMEWARD


@pytest.mark.parametrize("policy", [ASK, CHECKOUT], ids=["human", "payment"])
async def test_an_interrupt_is_plain_json_without_capabilities(make_world: MakeWorld, policy: object) -> None:
    """No code, no order id, no link: what a chat may see of a question."""
    world = make_world(policy)
    run_id = world.submit()
    await world.driver().leg(run_id, None)
    snapshot = await world.graph.aget_state(world.config(run_id))
    (interrupt,) = snapshot.interrupts
    text = json.dumps(interrupt.value)
    assert json.loads(text) == interrupt.value
    for hidden in ("ZQXSECRETCODE", "HOG-", "http"):
        assert hidden not in text
    if policy is ASK:
        (request,) = interrupt.value["action_requests"]
        assert request["args"] == {"gpu_id": "NVIDIA RTX 4090", "hours": 2, "amount_cents": 98, "rail": "credits"}
        assert interrupt.value["review_configs"] == [{"action_name": "pay", "allowed_decisions": ["approve", "reject"]}]


async def test_checkpoints_hold_no_secret_and_no_log(make_world: MakeWorld) -> None:
    """Neither a variable's value, nor the job's output, nor an order id, nor the approval code."""
    world = make_world(ASK)
    world.saver = KeptSaver()
    world.change(variables={"TOKEN": "hunter2-hunter2", "PLAIN": "env-value-42"})
    run_id = world.submit(JOB + "secrets: {TOKEN: null}\nenvs: {PLAIN: null}\n")
    world.approve_at(5, run_id)
    assert (await world.drive(run_id)).code == 0
    stored = world.checkpoint_bytes()
    for hidden in (b"hunter2", b"env-value-42", b"step 1 of 2", b"HOG-", b"ZQXSECRETCODE"):
        assert hidden not in stored
    assert b"NVIDIA RTX 4090" in stored
