"""diagnose: another pod, or the end?"""

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.advice import Counsel, counsel
from agent.job_log import ran_out_of_memory
from agent.noted import ANOTHER_POD, DIAGNOSED, GAVE_UP
from agent.parts import BUYS_NOTHING, Parts
from agent.state import EndingState, State, failed, failures_of
from policies.recovery import (
    BAD_GPU,
    BAD_GPU_FOR,
    Advice,
    Failure,
    FailureKind,
    GiveUp,
    TryAnother,
    advised,
    next_move,
)
from policies.vram import needed_after
from tools.spend_log.rows import RunStatus

THE_JOBS_OWN = {FailureKind.OUT_OF_MEMORY, FailureKind.JOB_FAILED}
"""Failures after which the run ends with the job's own exit code, unless another pod is rented."""


async def diagnose(state: State, runtime: Runtime[Parts]) -> Command[Literal["discover", "report"]]:
    """Say what went wrong, remember a bad GPU, and apply the rules of recovery to all failures so far."""
    parts = runtime.context
    run_id = state["run_id"]
    found = _named(state, parts)
    failures = failures_of(found)
    advice = await counsel(parts, run_id, failures[-1], state.get("job_exit_code"))
    move = _move(parts, run_id, failures, advice)
    if isinstance(move, TryAnother) and not parts.spends:
        move = GiveUp(f"{move.reason}; {BUYS_NOTHING}, so no other pod was rented")
    if isinstance(move, TryAnother) and advice is not None and advice.advised.advice is Advice.BIGGER_GPU:
        had = parts.attempt(run_id).offer.vram_gb
        found["least_vram_gb"] = max(found.get("least_vram_gb", 0), had + 1)
    _remember(parts, failures[-1])
    _note(parts, run_id, failures[-1], move, found.get("least_vram_gb", 0), advice)
    match move:
        case TryAnother(avoid=gpu_id, reason=reason):
            least = f" with at least {found['least_vram_gb']} GB of VRAM" if "least_vram_gb" in found else ""
            parts.face.tell(run_id, f"{_with_words(reason, advice)}; looking for another offer{least}")
            avoid = state.get("avoid", {}) | ({gpu_id: reason} if gpu_id else {})
            found |= State(avoid=avoid, offers_made=0, overcome=len(failures))
            return Command(update=found, goto="discover")
        case GiveUp(reason=reason):
            found |= ending_of(failures[-1], _with_words(reason, advice), state.get("job_exit_code"))
            return Command(update=found, goto="report")


def _move(parts: Parts, run_id: str, failures: tuple[Failure, ...], advice: Counsel | None) -> TryAnother | GiveUp:
    rules, pods_used = parts.policy.recovery, parts.pods_used(run_id)
    most, alike = rules.max_pods_per_run, rules.same_failure_limit
    if advice is None:
        return next_move(failures, pods_used, max_pods=most, same_failure_limit=alike)
    said, before = advice.advised.advice, advice.taken
    return advised(said, failures, pods_used, max_pods=most, same_failure_limit=alike, taken=before)


def _with_words(reason: str, advice: Counsel | None) -> str:
    return reason if advice is None else f"{reason}; {advice.said}"


def _named(state: State, parts: Parts) -> State:
    """The failures, the last by its right name: a job that failed may have run out of the GPU's memory."""
    *before, last = state.get("failures", [])
    exit_code = state.get("job_exit_code")
    memory = None
    if last["kind"] == FailureKind.JOB_FAILED and exit_code is not None:
        memory = ran_out_of_memory(parts, state["run_id"], exit_code)
    least = state.get("least_vram_gb", 0)
    named = State(failures=[*before, last])
    if memory is not None:
        offer = parts.attempt(state["run_id"]).offer
        reason = f"{last['reason']}: {memory.words}, on {offer.gpu_name} with {offer.vram_gb} GB"
        named = failed(State(failures=before), FailureKind.OUT_OF_MEMORY, last["gpu_id"], reason)
        least = max(least, needed_after(memory, offer.vram_gb, parts.policy.gpu.vram_headroom))
    if least:
        named["least_vram_gb"] = least
    return named


def _remember(parts: Parts, failure: Failure) -> None:
    if failure.kind in BAD_GPU:
        now = parts.clock.now()
        parts.log.remember_bad_gpu(failure.gpu_id, failure.reason, now, now + BAD_GPU_FOR)


def _note(
    parts: Parts, run_id: str, failure: Failure, move: TryAnother | GiveUp, least_vram_gb: int, advice: Counsel | None
) -> None:
    body: dict[str, object] = {
        "attempt": parts.attempt(run_id).offer.attempt,
        "failure": failure.kind.value,
        "gpu": failure.gpu_id,
        "move": ANOTHER_POD if isinstance(move, TryAnother) else GAVE_UP,
        "reason": move.reason,
    }
    if least_vram_gb:
        body["least_vram_gb"] = least_vram_gb
    if advice is not None:
        body |= advice.written()
    parts.log.note(run_id, DIAGNOSED, body, parts.clock.now())


def ending_of(failure: Failure, reason: str, exit_code: int | None) -> State:
    """How a run ends that gives up after this failure."""
    if failure.kind in THE_JOBS_OWN and exit_code is not None:
        return State(ending={**endings.job_failed(exit_code)["ending"], "reason": reason})
    if failure.kind is FailureKind.SOLD_OUT:
        return endings.refused(reason)
    return endings.provider_failed(reason)


def refused_another(state: State) -> EndingState | None:
    """The ending of a run whose job failed and for which no other GPU could be rented: the job's own failure."""
    failures, exit_code = failures_of(state), state.get("job_exit_code")
    refused = state.get("ending", {}).get("status") == RunStatus.REFUSED
    if not (refused and failures and failures[-1].kind in THE_JOBS_OWN):
        return None
    reason = f"{failures[-1].reason}; {state['ending']['reason']}"
    return ending_of(failures[-1], reason, exit_code)["ending"]
