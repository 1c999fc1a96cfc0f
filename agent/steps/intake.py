"""intake: is the job whole, so that it may cost money?"""

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.begun_anew import known_end
from agent.parts import Parts
from agent.state import State
from agent.variables import missing_variables, secret_literals


async def intake(state: State, runtime: Runtime[Parts]) -> Command[Literal["discover", "report"]]:
    """Check the variables of the job before anything is spent, and that the job has not ended in an earlier life."""
    parts = runtime.context
    run = parts.run(state["run_id"])
    ended = known_end(parts, run.run_id)
    if ended is not None:
        return Command(update=ended, goto="report")
    missing = missing_variables(parts.job(run.run_id), parts.variables, secret_literals(run.job_path))
    if missing:
        names = ", ".join(missing)
        ending = endings.bad_input(f"not set in the environment: {names} (the job file asks for them with `null`)")
        return Command(update=ending, goto="report")
    return Command(goto="discover")
