"""After a failure: another pod, or the end (rules only; the caps are checked again by whoever pays)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from policies.text import counted


class FailureKind(StrEnum):
    """Why a pod did not bring the job home."""

    SOLD_OUT = "sold_out"
    NO_ANSWER = "no_answer"
    """The purchase got no answer, and it is proven that nothing was taken."""
    NEVER_UP = "never_up"
    NO_SSH = "no_ssh"
    WRONG_GPU = "wrong_gpu"
    """The pod has another GPU, or less of its memory, than the offer said."""
    LOGIN_REFUSED = "login_refused"
    POD_LOST = "pod_lost"
    OUT_OF_MEMORY = "out_of_memory"
    """The job failed, and its log says that the GPU's memory was too small for it."""
    JOB_FAILED = "job_failed"
    LEASE_OVER = "lease_over"
    OUTPUTS_LOST = "outputs_lost"
    NOT_ENDED = "not_ended"
    PROVIDER = "provider"


BAD_GPU = frozenset({FailureKind.NEVER_UP, FailureKind.NO_SSH, FailureKind.POD_LOST, FailureKind.WRONG_GPU})
"""Failures that speak against a GPU, whichever run asks for it next."""

BAD_GPU_FOR = timedelta(hours=6)
"""How long a bad GPU is left out where another fits: a night's trouble at a provider, not for ever."""

ANOTHER_POD_MAY_HELP = BAD_GPU | {FailureKind.SOLD_OUT, FailureKind.NO_ANSWER, FailureKind.OUT_OF_MEMORY}
"""A refused login, a failing job or a lease that is over would only cost the same money again."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt."""

    kind: FailureKind
    gpu_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class TryAnother:
    """Look again.

    Attributes:
        avoid: the gpu_id that is not to be had again in this run, or "". Bad ones are remembered for every run instead,
            and one that was too small is below the next pod's least VRAM.
    """

    avoid: str
    reason: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """End the run."""

    reason: str


class Advice(StrEnum):
    """All that a model may say to a failure that no rule knows."""

    BIGGER_GPU = "bigger_gpu"
    ELSEWHERE = "elsewhere"
    GIVE_UP = "give_up"
    ASK_HUMAN = "ask_human"


MOST_ADVISED = 1
"""Retries of one run that rest on a model's word, whatever it says and however often."""

_ADVISES = {Advice.BIGGER_GPU: "a model advises a larger GPU", Advice.ELSEWHERE: "a model advises another GPU"}


def next_move(
    failures: Sequence[Failure], pods_used: int, *, max_pods: int, same_failure_limit: int
) -> TryAnother | GiveUp:
    """What to do after the last of `failures`.

    Args:
        failures: all of this run, oldest first; not empty.
        pods_used: orders of this run that were paid.
        max_pods: `recovery.max_pods_per_run`.
        same_failure_limit: `recovery.same_failure_limit`.
    """
    last = failures[-1]
    if last.kind not in ANOTHER_POD_MAY_HELP:
        return GiveUp(last.reason)
    if limit := _limit_reached(failures, pods_used, max_pods, same_failure_limit):
        return GiveUp(f"{last.reason}; {limit}")
    return TryAnother(last.gpu_id if last.kind is FailureKind.SOLD_OUT else "", last.reason)


def advised(
    advice: Advice, failures: Sequence[Failure], pods_used: int, *, max_pods: int, same_failure_limit: int, taken: int
) -> TryAnother | GiveUp:
    """What to do after a failure that no rule knows, on a model's advice: it may ask for one retry, and set no limit.

    Args:
        taken: retries of this run that rested on advice before.
        failures, pods_used, max_pods, same_failure_limit: as for `next_move`.
    """
    last = failures[-1]
    if advice is Advice.ASK_HUMAN:
        return GiveUp(f"{last.reason}; why, a human has to see: change the job and `swineherd run` it again")
    if advice is Advice.GIVE_UP:
        return GiveUp(last.reason)
    reason = f"{last.reason}; {_ADVISES[advice]}"
    if taken >= MOST_ADVISED:
        return GiveUp(f"{reason}; a run is tried again once on a model's advice")
    if limit := _limit_reached(failures, pods_used, max_pods, same_failure_limit):
        return GiveUp(f"{reason}; {limit}")
    return TryAnother(last.gpu_id if advice is Advice.ELSEWHERE else "", reason)


def _limit_reached(failures: Sequence[Failure], pods_used: int, max_pods: int, same_failure_limit: int) -> str:
    """Which limit of the policy another pod would break; "" where none."""
    if pods_used >= max_pods:
        return f"max_pods_per_run = {max_pods} are used"
    last = failures[-1]
    alike = sum(1 for failure in failures if failure.kind is last.kind)
    if alike >= same_failure_limit and last.kind is not FailureKind.SOLD_OUT:
        return f"{counted(alike, 'time')} the same failure (same_failure_limit = {same_failure_limit})"
    return ""
