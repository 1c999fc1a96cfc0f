"""swineherd as LangChain tools, for an agent of one's own: those that read, and those that ask for something.

llm.bind_tools(reading_tools(parts)) is safe with any model. No tool spends, approves, raises a cap, or tells an
approval code, an API key, a whole order id or a payment link; whatever goes wrong comes back as its answer, `refused:
…`.
"""

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from langchain_core.tools import BaseTool, StructuredTool

from agent.mind.looking import Looking
from agent.mind.requesting import Requesting
from agent.mind.tool_answers import told, wrong_arguments
from agent.mind.tool_forms import Form, Message, Nothing, OneRun, OpenNeeds, RentNeeds, SubmitNeeds, Work
from agent.parts import Parts
from tools.ports import Packer

F = TypeVar("F", bound=Form)

Effect = dict[str, bool]
"""What calling a tool does, for whoever decides whether it may be called unasked: `BaseTool.metadata`.

read_only: it changes nothing · destructive: it ends something · open_world: it asks, or leads to, somebody outside.
"""


def _effect(*, read_only: bool, destructive: bool = False, open_world: bool) -> Effect:
    return {"read_only": read_only, "destructive": destructive, "open_world": open_world}


LOOKS_OUTSIDE = _effect(read_only=True, open_world=True)
LOOKS_HERE = _effect(read_only=True, open_world=False)
ASKS = _effect(read_only=False, open_world=True)
ENDS = _effect(read_only=False, destructive=True, open_world=True)


def reading_tools(parts: Parts) -> list[BaseTool]:
    """Tools that look: the market, runs, money, and how much GPU memory a model takes. Free; they change nothing."""
    look, tool = Looking(parts), partial(_tool, parts)
    return [
        tool(look.list_gpus, Nothing, LOOKS_OUTSIDE),
        tool(look.api_docs, Nothing, LOOKS_OUTSIDE),
        tool(look.credit_packs, Nothing, LOOKS_OUTSIDE),
        tool(look.credit_balance, Nothing, LOOKS_OUTSIDE),
        tool(look.pig_chat, Message, LOOKS_OUTSIDE),
        tool(look.order_status, OneRun, LOOKS_OUTSIDE),
        tool(look.quote_job, OpenNeeds, LOOKS_OUTSIDE),
        tool(look.list_runs, Nothing, LOOKS_HERE),
        tool(look.run_status, OneRun, LOOKS_HERE),
        tool(look.run_logs, OneRun, LOOKS_HERE),
        tool(look.why_gpu, OneRun, LOOKS_HERE),
        tool(look.spend, Nothing, LOOKS_HERE),
        tool(look.estimate_vram, Work, LOOKS_HERE),
    ]


def acting_tools(parts: Parts, packer: Packer, folder: Path) -> list[BaseTool]:
    """Tools that ask: for a run, or for the end of one. What spends is only written down as a request.

    Args:
        folder: where the files of a model's jobs are; nothing outside goes to a pod.
    """
    ask, tool = Requesting(parts, packer, folder), partial(_tool, parts)
    return [
        tool(ask.submit_job, SubmitNeeds, ASKS),
        tool(ask.rent_gpu, RentNeeds, ASKS),
        tool(ask.rent_gpu_with_credits, RentNeeds, ASKS),
        tool(ask.cancel_run, OneRun, ENDS),
        tool(ask.stop_pod, OneRun, ENDS),
        tool(ask.start_pod, OneRun, LOOKS_HERE),  # says what a human does
        tool(ask.terminate_pod, OneRun, ENDS),
    ]


def _tool(parts: Parts, act: Callable[[F], Awaitable[dict[str, object]]], form: type[F], effect: Effect) -> BaseTool:
    """The name and the docstring of the method are what a model is shown."""

    async def call(**given: Any) -> str:  # noqa: ANN401 - the form says what
        return await told(parts, partial(act, form.model_validate(given)))

    return StructuredTool.from_function(
        coroutine=call,
        name=act.__name__,
        description=" ".join((inspect.getdoc(act) or "").split()),
        args_schema=form,
        metadata=dict(effect),
        handle_validation_error=wrong_arguments,
    )
