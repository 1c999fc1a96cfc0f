"""report: the last word, in the spend log and in `report.json`."""

import json
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.folders import write_atomically
from agent.parts import Parts
from agent.result import run_result
from agent.state import EndingState, State, unanswered
from agent.steps.diagnose import ending_of, refused_another
from agent.summary import account, summary
from agent.sync import where_synced
from tools.spend_log.rows import ENDED, RunStatus


async def report(state: State, runtime: Runtime[Parts]) -> Command[Literal["__end__"]]:
    """Write down how the run ended."""
    parts = runtime.context
    run_id = state["run_id"]
    ending = how_it_ended(state)
    exit_code = state.get("job_exit_code")
    if parts.run(run_id).status not in ENDED:
        status = RunStatus(ending["status"])
        reason, code = ending["reason"], ending["code"]
        if code and (where := where_synced(parts, run_id)):
            reason = f"{reason}; {where}"
        for attempt in parts.log.attempts(run_id)[-1:]:
            parts.log.end_attempt(run_id, attempt.offer.attempt, status.value, parts.clock.now())
        parts.log.set_status(run_id, status, parts.clock.now(), reason=reason, code=code, job_exit_code=exit_code)
    words = {"summary": summary(parts.log, run_id, parts.hour)}
    document = run_result(parts.log, run_id, parts.clock.now()) | words
    write_atomically(parts.home.run(run_id).report, json.dumps(document, indent=2) + "\n")
    for line in account(parts.log, run_id, parts.hour):
        parts.face.tell(run_id, line)
    return Command(goto="__end__")


def how_it_ended(state: State) -> EndingState:
    """What a step said, else the last failure, else success."""
    if "ending" in state:
        return refused_another(state) or state["ending"]
    failures = unanswered(state)
    if failures:
        return ending_of(failures[-1], failures[-1].reason, state.get("job_exit_code"))["ending"]
    return endings.succeeded()["ending"]
