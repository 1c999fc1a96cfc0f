"""The tools of a conversation: those that look, and those whose every call is shown to the human first."""

from collections.abc import Mapping

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.mind.port import Offered
from agent.mind.tool_forms import Form, OneRun
from agent.mind.toolkit import reading_tools
from agent.talk.context import Talking
from agent.talk.proposals import ChangeNeeds, JobWords
from agent.talk.short_schema import short_schema

READING = frozenset({
    "list_gpus", "quote_job", "estimate_vram", "spend", "credit_balance", "list_runs", "run_status", "run_logs",
    "why_gpu", "pig_chat",
})  # fmt: skip

ACTING: Mapping[str, tuple[type[Form], str]] = {
    "submit_job": (JobWords, "Run a job on a rented GPU, described in the human's words; they see it first."),
    "change_run": (ChangeNeeds, "Other hours or another way to pay for a run whose offer waits for an answer."),
    "cancel_run": (OneRun, "Cancel a run: its job is stopped, what is there is brought home, the pod is ended."),
}


def tools_that_read(talking: Talking) -> dict[str, BaseTool]:
    return {tool.name: tool for tool in reading_tools(talking.parts) if tool.name in READING}


def offered(talking: Talking) -> list[Offered]:
    read = [Offered(tool.name, tool.description, _arguments(tool)) for tool in tools_that_read(talking).values()]
    return [*read, *(Offered(name, words, _arguments(form)) for name, (form, words) in ACTING.items())]


def _arguments(tool: BaseTool | type[Form]) -> Mapping[str, object]:
    return short_schema(convert_to_openai_tool(tool)["function"]["parameters"])
