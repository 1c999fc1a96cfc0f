"""diagnose: another pod, or the end?"""

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.parts import Parts
from agent.state import State, failures_of
from policies.charge import ChargeState
from policies.recovery import Failure, FailureKind, GiveUp, TryAnother, next_move
from tools.spend_log.rows import Kind


async def diagnose(state: State, runtime: Runtime[Parts]) -> Command[Literal["discover", "report"]]:
    """Apply the rules of recovery to what went wrong so far."""
    parts = runtime.context
    run_id = state["run_id"]
    failures = failures_of(state)
    rules = parts.policy.recovery
    move = next_move(
        failures,
        _pods_used(parts, run_id),
        max_pods=rules.max_pods_per_run,
        same_failure_limit=rules.same_failure_limit,
    )
    match move:
        case TryAnother(avoid=gpu_id, reason=reason):
            parts.face.tell(run_id, f"{reason}; looking for another offer")
            avoid = state.get("avoid", {}) | ({gpu_id: reason} if gpu_id else {})
            return Command(update=State(avoid=avoid, offers_made=0, overcome=len(failures)), goto="discover")
        case GiveUp(reason=reason):
            ending = ending_of(failures[-1], reason, state.get("job_exit_code"))
            return Command(update=ending, goto="report")


def _pods_used(parts: Parts, run_id: str) -> int:
    paid = {ChargeState.PAID, ChargeState.MISMATCH, ChargeState.ORPHANED}
    return sum(1 for charge in parts.log.charges(run_id) if charge.kind is Kind.RENT and charge.state in paid)


def ending_of(failure: Failure, reason: str, exit_code: int | None) -> State:
    """How a run ends that gives up after this failure."""
    if failure.kind is FailureKind.JOB_FAILED and exit_code is not None:
        return endings.job_failed(exit_code)
    if failure.kind is FailureKind.SOLD_OUT:
        return endings.refused(reason)
    return endings.provider_failed(reason)
