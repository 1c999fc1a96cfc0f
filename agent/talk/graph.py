"""One message of a human, as a graph.

    think → look → think …          tools that read
    think → propose → confirm → act  tools that ask for something: shown first, done after a human's yes

A thread of it is a conversation, kept in the checkpoints. Nothing here spends or approves.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from langchain_core.tools import BaseTool
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt
from pydantic import ValidationError

from agent.mind.answer import in_words
from agent.mind.intake import Unclear, command_in
from agent.mind.port import Answered, Called, ModelUnavailable, Said
from agent.mind.tool_answers import DATA, cleaned, refused, safe
from agent.talk.context import Line, Talking
from agent.talk.figures import figures
from agent.talk.likely import meant
from agent.talk.proposals import Proposal, done, proposed
from agent.talk.state import TalkState, call_of, last_said, messages_of, of_this_message, with_turn
from agent.talk.thought import about_a_run, next_said, overlooked_job, plain_job
from agent.talk.tools import ACTING, tools_that_read
from agent.talk.turns import as_kept
from policies.file_problem import FileError
from policies.reading.borne_out import borne_out
from tools.errors import StoreUnusable, SwineherdError

OVER: Final = "__end__"

YES = "yes"
"""What the question of `confirm` is resumed with to do it; whatever else is a no."""

FOR_THE_HUMAN = "question for the human: "
"""Tells a model, among the answers of its tools, whom a question is for."""

MOST_WORDS = 1200
MOST_CALLS = 5
"""Tools of one message: small models call the same one again and again."""

Talk = CompiledStateGraph[TalkState, Talking, TalkState, TalkState]


def build_talk(checkpointer: "BaseCheckpointSaver[Any] | None") -> Talk:
    """The graph, compiled; its context is `Talking`."""
    graph = StateGraph(TalkState, context_schema=Talking)
    for node in (think, look, propose, confirm, act):
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "think")
    return graph.compile(checkpointer=checkpointer)


async def think(state: TalkState, runtime: Runtime[Talking]) -> Command[Literal["look", "propose", "__end__"]]:
    """The next turn: words end it, a tool leads on."""
    talking = runtime.context
    try:
        said = await next_said(talking, state)
    except ModelUnavailable as error:
        talking.note(str(error))
        return Command(goto=OVER)
    if isinstance(said, Said):
        update = TalkState(turns=with_turn(state, said), draft="")
        instead = None if talking.parts.mind is None else overlooked_job(talking, state)
        if instead is None:
            return Command(update=update, goto=OVER)
        state, said = {**state, **update}, instead
    said = about_a_run(talking, state, said)
    if state["calls"] >= MOST_CALLS or as_kept(said) in of_this_message(state):
        return Command(goto=OVER)
    update = TalkState(turns=with_turn(state, said), calls=state["calls"] + 1)
    return Command(update=update, goto="propose" if said.name in ACTING else "look")


async def look(state: TalkState, runtime: Runtime[Talking]) -> Command[Literal["think", "__end__"]]:
    """Call a tool that reads. What it answers is shown by code; a model may add words."""
    talking, call = runtime.context, call_of(state)
    tool = tools_that_read(talking).get(call.name)
    if tool is None:
        answer = refused("there is no tool of that name", "")
    else:
        answer = await _answer_of(tool, _arguments(talking, state, call, tool))
    lines = figures(call.name, answer)
    for line in lines:
        talking.show(Line("figures", line))
    # As the human sees it: a table has a third of the characters of its JSON.
    told = Answered(call.name, "\n".join((DATA, *lines)))
    update = TalkState(turns=with_turn(state, told), draft="")
    return Command(update=update, goto=OVER if talking.parts.mind is None else "think")


async def _answer_of(tool: BaseTool, arguments: Mapping[str, object]) -> str:
    message = await tool.ainvoke({"type": "tool_call", "id": tool.name, "name": tool.name, "args": dict(arguments)})
    return str(message.content)


def _arguments(talking: Talking, state: TalkState, call: Called, tool: BaseTool) -> Mapping[str, object]:
    """Those that the tool takes; small models fill in others, and null. Of a job only what a human said."""
    known = {name: value for name, value in call.arguments.items() if name in tool.args and value is not None}
    if call.name != "quote_job":
        return known
    messages = messages_of(state)
    fields, _ = meant(messages[0], {}, borne_out(known, messages, {}).fields)
    return {name: value for name, value in {**fields, "description": messages[0]}.items() if name in tool.args}


async def propose(state: TalkState, runtime: Runtime[Talking]) -> Command[Literal["confirm", "propose", "__end__"]]:
    """Settle what a call would do, or say why it can't be done; an open question waits for the next message.

    Where a model's call comes to nothing, the job that the human plainly asked for is settled in its place.
    """
    talking, call, messages = runtime.context, call_of(state), messages_of(state)
    try:
        given = {name: value for name, value in call.arguments.items() if value is not None}
        command = command_in(last_said(state)) if state.get("draft") and state.get("wants_command") else None
        proposal = await proposed(talking, call.name, given, messages, command)
    except Unclear as error:
        only = TalkState(draft=messages[0], wants_command=error.asks == {"run"})
        return _not_done(talking, state, call, f"{FOR_THE_HUMAN}{error}", only)
    except StoreUnusable:
        raise
    except (SwineherdError, FileError, ValidationError) as error:
        why = f"arguments: {in_words(error)}" if isinstance(error, ValidationError) else str(error)
        return _another(talking, state, call, why) or _not_done(talking, state, call, refused(why, ""))
    kept = {"does": proposal.does, "lines": list(proposal.lines), "settled": dict(proposal.settled)}
    return Command(update=TalkState(proposal=kept, draft=""), goto="confirm")


def _another(talking: Talking, state: TalkState, call: Called, why: str) -> Command[Any] | None:
    instead = plain_job(talking, state)
    if instead is None or as_kept(instead) in of_this_message(state):
        return None
    told = Answered(call.name, safe(talking.parts, cleaned(refused(why, ""), MOST_WORDS)))
    turns = with_turn({**state, "turns": with_turn(state, told)}, instead)
    return Command(update=TalkState(turns=turns), goto="propose")


async def confirm(state: TalkState, runtime: Runtime[Talking]) -> Command[Literal["act", "__end__"]]:
    """Ask the human, and nothing else: this node runs anew with the answer."""
    call, proposal = call_of(state), state["proposal"]
    question = {
        "action_requests": [
            {"name": call.name, "args": dict(call.arguments), "description": "\n".join(proposal["lines"])}
        ],
        "review_configs": [{"action_name": call.name, "allowed_decisions": ["approve", "reject"]}],
    }
    if interrupt(question) == YES:
        return Command(goto="act")
    runtime.context.note("left as it is")
    return Command(
        update={"turns": with_turn(state, Answered(call.name, "the human said no: nothing was done"))}, goto=OVER
    )


async def act(state: TalkState, runtime: Runtime[Talking]) -> Command[Literal["__end__"]]:
    """Do what the human said yes to, as it was shown."""
    talking, call, kept = runtime.context, call_of(state), state["proposal"]
    proposal = Proposal(kept["does"], tuple(kept["lines"]), kept["settled"])
    try:
        outcome = await done(talking, proposal)
    except StoreUnusable:
        raise
    except (SwineherdError, FileError) as error:
        return _not_done(talking, state, call, refused(str(error), ""))
    talking.note(outcome.words)
    if outcome.run_id:
        talking.drive(outcome.run_id)
    return Command(update={"turns": with_turn(state, Answered(call.name, outcome.words))}, goto=OVER)


def _not_done(
    talking: Talking, state: TalkState, call: Called, words: str, open_: TalkState | None = None
) -> Command[Any]:
    told = safe(talking.parts, cleaned(words, MOST_WORDS))
    talking.note(told.removeprefix(FOR_THE_HUMAN))
    return Command(
        update=TalkState(turns=with_turn(state, Answered(call.name, told)), draft="") | (open_ or {}), goto=OVER
    )
