"""After a failure: another pod, or the end."""

import pytest

from policies.recovery import ANOTHER_POD_MAY_HELP, Failure, FailureKind, GiveUp, TryAnother, next_move

NEVER = Failure(FailureKind.NEVER_UP, "gpu-1", "still deploying")
LOST = Failure(FailureKind.POD_LOST, "gpu-2", "gone")
SOLD = Failure(FailureKind.SOLD_OUT, "gpu-3", "refused with 404")


def after(*failures: Failure, pods: int = 1, max_pods: int = 3, alike: int = 2) -> TryAnother | GiveUp:
    return next_move(failures, pods, max_pods=max_pods, same_failure_limit=alike)


@pytest.mark.parametrize("kind", FailureKind)
def test_which_failures_another_pod_may_help(kind: FailureKind) -> None:
    """What lies with the job, the key or the results would only cost the same money again."""
    helped = {FailureKind.SOLD_OUT, FailureKind.NEVER_UP, FailureKind.NO_SSH, FailureKind.POD_LOST}
    move = after(Failure(kind, "gpu", "why"))
    assert isinstance(move, TryAnother if kind in helped else GiveUp)
    assert helped == ANOTHER_POD_MAY_HELP
    assert move.reason.startswith("why")


def test_the_gpu_that_failed_is_avoided() -> None:
    """The last one, with its reason."""
    assert after(NEVER, LOST) == TryAnother("gpu-2", "gone")


@pytest.mark.parametrize(("pods", "again"), [(0, True), (2, True), (3, False), (4, False)])
def test_no_more_pods_than_allowed(pods: int, *, again: bool) -> None:
    """`max_pods_per_run` counts those that were paid."""
    move = after(LOST, pods=pods)
    assert isinstance(move, TryAnother) == again
    assert again or "max_pods_per_run = 3" in move.reason


@pytest.mark.parametrize(("limit", "again"), [(1, False), (2, False), (3, True)])
def test_the_same_failure_too_often(limit: int, *, again: bool) -> None:
    """Two alike among others: given up at the limit."""
    move = after(NEVER, LOST, NEVER, alike=limit)
    assert isinstance(move, TryAnother) == again
    assert again or "same_failure_limit" in move.reason


def test_sold_out_costs_nothing_and_is_not_counted() -> None:
    """However many are sold out, the next one is tried."""
    assert isinstance(after(*[SOLD] * 9, pods=0), TryAnother)


def test_only_the_last_failure_decides() -> None:
    """A failing job after a lost pod ends the run."""
    assert after(LOST, Failure(FailureKind.JOB_FAILED, "gpu-4", "exited with 3")) == GiveUp("exited with 3")
