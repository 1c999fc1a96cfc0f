"""The road of a run for LangGraph Studio: `langgraph dev` opens it by langgraph.json, to be looked at and tried.

It lives in the sandbox: play money, and pods that are processes of this machine. Whoever reaches the server of
`langgraph dev`, which any web page can that its user has open, chooses no command and no file: what runs is the
example, or a run that lies in the sandbox's store and that nobody else drives.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Literal

from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.assemble_parts import open_parts
from agent.errors import LeaseHeld
from agent.graph import STEPS, Step, guarded, ways_out
from agent.parts import LEASE_SECONDS, Parts
from agent.settings import Settings
from agent.state import State, Ticket
from agent.submit import load_job, submit
from agent.watcher import waits
from tools.spend_log.rows import Awaited
from tools.ssh.snapshot import pack

EXAMPLE = Path(__file__).parents[1] / "examples" / "hello" / "job.yaml"


@dataclass(frozen=True, slots=True)
class OneRun:
    """What Studio's form asks for, and what is told at the end.

    Attributes:
        run_id: a run of the sandbox's store; where it is left out, the example is submitted.
    """

    run_id: str = ""


def studio_graph() -> CompiledStateGraph[State, Any, Any, Any]:
    """The steps of `agent.graph` after one that submits; each opens the sandbox for itself, and closes it again."""
    graph = StateGraph[State, Any, Any, Any](State, input_schema=OneRun, output_schema=OneRun)
    graph.add_node("submit", submitted)
    for name, step in STEPS.items():
        graph.add_node(name, in_sandbox(guarded(name, step, stand_by)), destinations=ways_out(name, step))
    graph.add_edge(START, "submit")
    return graph.compile()


async def submitted(state: OneRun) -> Command[Literal["intake"]]:
    """A run of the sandbox's store, where its id is given; else the example, submitted anew."""
    async with open_parts(Settings(), sandbox=True) as parts:
        run_id = state.run_id or submit(parts, pack, load_job(EXAMPLE, frozenset()))
        parts.run(run_id)
        with _driving(parts, run_id):
            parts.log.unpark(run_id)
    return Command(update=State(run_id=run_id), goto="intake")


def in_sandbox(step: Step) -> Step:
    """A step that is handed the sandbox's parts, whatever context the server has."""

    @wraps(step, assigned=("__name__", "__doc__"))
    async def node(state: State, runtime: Runtime[Any]) -> Command[Any]:
        async with open_parts(Settings(), sandbox=True) as parts:
            with _driving(parts, state["run_id"]):
                return await step(state, runtime=runtime.override(context=parts))

    return node


async def stand_by(parts: Parts, wanted: Ticket) -> None:
    """There is no watcher: what moves by itself is looked at again after a while. A human's answer interrupts."""
    await parts.clock.sleep(waits(Awaited(wanted["awaited"]), parts.policy)[0])


@contextmanager
def _driving(parts: Parts, run_id: str) -> Iterator[None]:
    """Hold the lease without a heartbeat: on one machine it stands as long as the process lives.

    Raises:
        LeaseHeld: a worker or a command drives the run.
    """
    now = parts.clock.now()
    if parts.log.take_lease(run_id, parts.holder, now, LEASE_SECONDS, parts.alive) is None:
        raise LeaseHeld(f"{run_id} is driven by another process")
    try:
        yield
    finally:
        parts.log.release_lease(run_id, parts.holder)


graph = studio_graph()
