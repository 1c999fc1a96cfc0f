"""After a failure: another pod, or the end (rules only; the caps are checked again by whoever pays)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """Why a pod did not bring the job home."""

    SOLD_OUT = "sold_out"
    NO_ANSWER = "no_answer"
    """The purchase got no answer, and it is proven that nothing was taken."""
    NEVER_UP = "never_up"
    NO_SSH = "no_ssh"
    LOGIN_REFUSED = "login_refused"
    POD_LOST = "pod_lost"
    JOB_FAILED = "job_failed"
    LEASE_OVER = "lease_over"
    OUTPUTS_LOST = "outputs_lost"
    NOT_ENDED = "not_ended"
    PROVIDER = "provider"


ANOTHER_POD_MAY_HELP = frozenset(
    {FailureKind.SOLD_OUT, FailureKind.NO_ANSWER, FailureKind.NEVER_UP, FailureKind.NO_SSH, FailureKind.POD_LOST}
)
"""A refused login, a failing job or a lease that is over would only cost the same money again."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt."""

    kind: FailureKind
    gpu_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class TryAnother:
    """Look again, without this GPU ("": it was none's fault)."""

    avoid: str
    reason: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """End the run."""

    reason: str


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
    if pods_used >= max_pods:
        return GiveUp(f"{last.reason}; max_pods_per_run = {max_pods} are used")
    alike = sum(1 for failure in failures if failure.kind is last.kind)
    if alike >= same_failure_limit and last.kind is not FailureKind.SOLD_OUT:
        return GiveUp(f"{last.reason}; {alike} times the same failure (same_failure_limit = {same_failure_limit})")
    blameless = last.kind is FailureKind.NO_ANSWER
    return TryAnother("" if blameless else last.gpu_id, last.reason)
