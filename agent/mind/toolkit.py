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


def reading_tools(parts: Parts) -> list[BaseTool]:
    """Tools that look: the market, runs, money, and how much GPU memory a model takes. Free; they change nothing."""
    look, tool = Looking(parts), partial(_tool, parts)
    return [
        tool(look.list_gpus, Nothing),
        tool(look.api_docs, Nothing),
        tool(look.credit_packs, Nothing),
        tool(look.credit_balance, Nothing),
        tool(look.pig_chat, Message),
        tool(look.order_status, OneRun),
        tool(look.quote_job, OpenNeeds),
        tool(look.list_runs, Nothing),
        tool(look.run_status, OneRun),
        tool(look.run_logs, OneRun),
        tool(look.why_gpu, OneRun),
        tool(look.spend, Nothing),
        tool(look.estimate_vram, Work),
    ]


def acting_tools(parts: Parts, packer: Packer, folder: Path) -> list[BaseTool]:
    """Tools that ask: for a run, or for the end of one. What spends is only written down as a request.

    Args:
        folder: where the files of a model's jobs are; nothing outside goes to a pod.
    """
    ask, tool = Requesting(parts, packer, folder), partial(_tool, parts)
    return [
        tool(ask.submit_job, SubmitNeeds),
        tool(ask.rent_gpu, RentNeeds),
        tool(ask.rent_gpu_with_credits, RentNeeds),
        tool(ask.cancel_run, OneRun),
        tool(ask.stop_pod, OneRun),
        tool(ask.start_pod, OneRun),
        tool(ask.terminate_pod, OneRun),
    ]


def _tool(parts: Parts, act: Callable[[F], Awaitable[dict[str, object]]], form: type[F]) -> BaseTool:
    """The name and the docstring of the method are what a model is shown."""

    async def call(**given: Any) -> str:  # noqa: ANN401 - the form says what
        return await told(parts, partial(act, form.model_validate(given)))

    return StructuredTool.from_function(
        coroutine=call,
        name=act.__name__,
        description=" ".join((inspect.getdoc(act) or "").split()),
        args_schema=form,
        handle_validation_error=wrong_arguments,
    )
