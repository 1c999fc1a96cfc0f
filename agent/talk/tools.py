"""The tools of a conversation: those that look, and those whose every call is shown to the human first."""

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.mind.port import Offered
from agent.mind.tool_forms import OneRun
from agent.mind.toolkit import reading_tools
from agent.talk.context import Talking
from agent.talk.proposals import ChangeNeeds, JobWords

READING = frozenset({
    "list_gpus", "quote_job", "estimate_vram", "spend", "credit_balance", "list_runs", "run_status", "run_logs",
    "why_gpu", "pig_chat",
})  # fmt: skip

ACTING = {
    "submit_job": (JobWords, "Run a job on a rented GPU, described in the human's words; they see it first."),
    "change_run": (ChangeNeeds, "Other hours or another way to pay for a run whose offer waits for an answer."),
    "cancel_run": (OneRun, "Cancel a run: its job is stopped, what is there is brought home, the pod is ended."),
}


def tools_that_read(talking: Talking) -> dict[str, BaseTool]:
    return {tool.name: tool for tool in reading_tools(talking.parts) if tool.name in READING}


def offered(talking: Talking) -> list[Offered]:
    functions = [convert_to_openai_tool(tool)["function"] for tool in tools_that_read(talking).values()]
    read = [Offered(one["name"], one["description"], one["parameters"]) for one in functions]
    forms = {name: convert_to_openai_tool(form)["function"]["parameters"] for name, (form, _) in ACTING.items()}
    return [*read, *(Offered(name, words, forms[name]) for name, (_, words) in ACTING.items())]
