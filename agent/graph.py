"""The road of a run on one page.

    intake → discover → pick → rent → escalate | pay → poll → run_job → collect → terminate → report
    a failure goes collect → terminate → diagnose → discover | report

Every node names its next one. The graph's state proves nothing about money: each node reads the spend log again, so
that running a node twice, or an old checkpoint once more, buys nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Protocol, get_args, get_type_hints

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import GraphBubbleUp
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.parking import park
from agent.parts import BUYS_NOTHING, Parts
from agent.pod_end import pods_to_end
from agent.state import State, Ticket, failed
from agent.steps.collect import collect
from agent.steps.diagnose import diagnose
from agent.steps.discover import discover
from agent.steps.escalate import escalate
from agent.steps.intake import intake
from agent.steps.pay import pay
from agent.steps.pick import pick
from agent.steps.poll import poll
from agent.steps.rent import rent
from agent.steps.report import report
from agent.steps.run_job import run_job
from agent.steps.terminate import terminate
from policies.recovery import FailureKind
from tools.errors import BadCredentials, IntentAlreadyOpen, StoreUnusable, SwineherdError
from tools.spend_log.rows import ENDED, Decision
from tools.tracing.port import RUN_ID, Span, spanning


class Step(Protocol):
    """One node: reads the state and the parts, acts once, and names the next node."""

    def __call__(self, state: State, *, runtime: Runtime[Parts]) -> Awaitable[Command[Any]]: ...


Wait = Callable[[Parts, Ticket], Awaitable[None]]
"""How a step waits that has gone back to itself to."""

Road = CompiledStateGraph[State, Parts, State, State]

STEPS: dict[str, Step] = {
    "intake": intake,
    "discover": discover,
    "pick": pick,
    "rent": rent,
    "escalate": escalate,
    "pay": pay,
    "poll": poll,
    "run_job": run_job,
    "collect": collect,
    "terminate": terminate,
    "diagnose": diagnose,
    "report": report,
}

BEFORE_MONEY = frozenset({"intake", "discover", "pick"})

GOTO = "swineherd.goto"
"""Of a step's span: the next step, or `parked`."""

HOMEWARD = frozenset({"collect", "terminate", "diagnose", "report"})
"""Steps whose own errors must not lead back onto themselves."""


def build_graph(checkpointer: "BaseCheckpointSaver[Any] | None" = None) -> Road:
    """The state machine, compiled; its context is `Parts`. No node has a retry policy: some of them spend."""
    graph = StateGraph(State, context_schema=Parts)
    for name, step in STEPS.items():
        graph.add_node(name, guarded(name, step), destinations=ways_out(name, step))
    graph.add_edge(START, "intake")
    return graph.compile(checkpointer=checkpointer)


def ways_out(name: str, step: Step) -> tuple[str, ...]:
    """Where a step may lead: what its return type says, back to money at work, and the way home from an error."""
    (named,) = get_args(get_type_hints(step)["return"])
    again = ("pay",) if name in BEFORE_MONEY else ()
    home = () if name in HOMEWARD else ("collect", "report")
    return tuple(dict.fromkeys((*get_args(named), *again, *home)))


async def parked(_: Parts, wanted: Ticket) -> None:
    """Until the watcher wakes the run."""
    park(wanted)


def guarded(name: str, step: Step, wait: Wait = parked) -> Step:
    """Wait first, note the step in the spend log, stop for a cancelled run, and lead errors home.

    Where another process turns out to be buying for the same run, this one stops and leaves the run to it.
    """

    async def guard(state: State, runtime: Runtime[Parts], span: Span) -> Command[Any]:
        parts, run_id = runtime.context, state["run_id"]
        wanted = state.get("waiting")
        if wanted is not None:
            await wait(parts, wanted)
        parts.log.enter_step(run_id, name, parts.clock.now())
        if name in BEFORE_MONEY:
            elsewhere = instead_of_an_offer(parts, run_id)
            if elsewhere is not None:
                return elsewhere
        try:
            return acted(await step(state, runtime=runtime))
        except StoreUnusable:
            raise
        except GraphBubbleUp:
            raise
        except Exception as error:
            if name in HOMEWARD or (isinstance(error, IntentAlreadyOpen) and parts.money_at_work(run_id)):
                raise
            span.failed(type(error).__name__)
            return acted(way_home(state, parts, name, error))

    @wraps(step, assigned=("__name__", "__doc__"))
    async def node(state: State, runtime: Runtime[Parts]) -> Command[Any]:
        notes = {RUN_ID: state["run_id"], "swineherd.step": name}
        with spanning(runtime.context.tracer, name, notes, fine=(GraphBubbleUp,)) as span:
            try:
                return told(span, await guard(state, runtime, span))
            except GraphBubbleUp:
                span.note(GOTO, "parked")
                raise

    return node


def told(span: Span, command: Command[Any]) -> Command[Any]:
    """The command of a step, of which its span has where it leads, and how the run will end."""
    span.note(GOTO, str(command.goto))
    ending = (command.update or {}).get("ending")
    if ending is not None:
        span.note("swineherd.ending", ending["status"])
    return command


def instead_of_an_offer(parts: Parts, run_id: str) -> Command[Any] | None:
    """Where a run goes that has ended, has bought, was cancelled, or was denied: one no ends it, whatever the market
    does.
    """
    if parts.run(run_id).status in ENDED:
        return Command(goto="report")
    if parts.money_at_work(run_id):
        return Command(goto="pay")
    if parts.run(run_id).cancel_requested:
        return Command(update=endings.cancelled("cancelled before a pod was rented"), goto="report")
    asked = parts.log.approval(run_id)
    if asked is not None and asked.decision is Decision.DENIED:
        return Command(update=endings.denied(f"denied by {asked.decided_by}"), goto="report")
    if not parts.spends:
        return Command(update=endings.refused(BUYS_NOTHING), goto="report")
    return None


def acted(command: Command[Any]) -> Command[Any]:
    """The waiting is over, unless the step asks for more of it."""
    return replace(command, update={"waiting": None, **(command.update or {})})


def way_home(state: State, parts: Parts, name: str, error: Exception) -> Command[Any]:
    """After an error that a step did not expect: end the pod if there is one, else the run."""
    run_id = state["run_id"]
    reason = f"{name}: {error}" if isinstance(error, SwineherdError) else f"{name}: {error!r} (a defect of ours)"
    if not pods_to_end(parts, run_id):
        bad_key = isinstance(error, BadCredentials)
        ending = endings.bad_input(f"the API key is refused: {error}") if bad_key else endings.provider_failed(reason)
        return Command(update=ending, goto="report")
    gpu_id = parts.attempt(run_id).offer.gpu_id
    return Command(update=failed(state, FailureKind.PROVIDER, gpu_id, reason), goto="collect")
