"""After a failure: another pod, or the end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.recovery import (
    ANOTHER_POD_MAY_HELP,
    BAD_GPU,
    BAD_GPU_FOR,
    MOST_ADVISED,
    Advice,
    Failure,
    FailureKind,
    GiveUp,
    TryAnother,
    advised,
    next_move,
)

NEVER = Failure(FailureKind.NEVER_UP, "gpu-1", "still deploying")
LOST = Failure(FailureKind.POD_LOST, "gpu-2", "gone")
SOLD = Failure(FailureKind.SOLD_OUT, "gpu-3", "refused with 404")
MEMORY = Failure(FailureKind.OUT_OF_MEMORY, "gpu-4", "the job exited with 1")
NO_ANSWER = Failure(FailureKind.NO_ANSWER, "gpu-5", "no answer, nothing taken")

ANOTHER = {
    FailureKind.SOLD_OUT,
    FailureKind.NO_ANSWER,
    FailureKind.NEVER_UP,
    FailureKind.NO_SSH,
    FailureKind.WRONG_GPU,
    FailureKind.POD_LOST,
    FailureKind.OUT_OF_MEMORY,
}


def after(*failures: Failure, pods: int = 1, max_pods: int = 3, alike: int = 2) -> TryAnother | GiveUp:
    return next_move(failures, pods, max_pods=max_pods, same_failure_limit=alike)


@pytest.mark.parametrize("kind", FailureKind)
def test_which_failures_another_pod_may_help(kind: FailureKind) -> None:
    """What lies with the job, the key or the results would only cost the same money again."""
    move = after(Failure(kind, "gpu", "why"))
    assert isinstance(move, TryAnother if kind in ANOTHER else GiveUp)
    assert (kind in ANOTHER_POD_MAY_HELP) == (kind in ANOTHER)
    assert move.reason.startswith("why")


def test_only_what_is_sold_out_is_not_to_be_had_again() -> None:
    """What was refused would be refused again at once; no other failure closes a GPU to its run for good."""
    moves = {kind: after(Failure(kind, "gpu", "why")) for kind in ANOTHER}
    avoided = {kind: move.avoid for kind, move in moves.items() if isinstance(move, TryAnother)}
    assert avoided == dict.fromkeys(ANOTHER, "") | {FailureKind.SOLD_OUT: "gpu"}


def test_which_failures_speak_against_a_gpu() -> None:
    """A GPU that is sold out, too small or was never asked for has done nothing wrong; a bad one may mend in a day."""
    assert {
        FailureKind.NEVER_UP,
        FailureKind.NO_SSH,
        FailureKind.POD_LOST,
        FailureKind.WRONG_GPU,
    } == BAD_GPU
    assert timedelta(hours=1) <= BAD_GPU_FOR < timedelta(days=1)


@pytest.mark.parametrize(("pods", "again"), [(0, True), (2, True), (3, False), (4, False)])
def test_no_more_pods_than_allowed(pods: int, *, again: bool) -> None:
    """`max_pods_per_run` counts those that were paid."""
    move = after(LOST, pods=pods)
    assert isinstance(move, TryAnother) == again
    assert again or "max_pods_per_run = 3" in move.reason


@pytest.mark.parametrize(("limit", "again"), [(1, False), (2, False), (3, True)])
@pytest.mark.parametrize("twice", [NEVER, LOST, MEMORY, NO_ANSWER], ids=lambda failure: failure.kind)
def test_the_same_failure_too_often(twice: Failure, limit: int, *, again: bool) -> None:
    """Two alike, another between them: given up at the limit, with the count."""
    between = LOST if twice is not LOST else NEVER
    move = after(twice, between, twice, alike=limit)
    assert isinstance(move, TryAnother) == again
    assert again or f"2 times the same failure (same_failure_limit = {limit})" in move.reason


def test_sold_out_costs_nothing_and_is_not_counted() -> None:
    """However many are sold out, the next one is tried; between two other failures it counts for neither."""
    assert isinstance(after(*[SOLD] * 9, pods=0), TryAnother)
    assert isinstance(after(*[SOLD] * 9, NEVER), TryAnother)


def test_only_the_last_failure_decides() -> None:
    """A failing job after a lost pod ends the run."""
    assert after(LOST, Failure(FailureKind.JOB_FAILED, "gpu-4", "exited with 3")) == GiveUp("exited with 3")


FAILED = Failure(FailureKind.JOB_FAILED, "gpu-6", "the job exited with 3")


def on_advice(
    advice: Advice, *failures: Failure, pods: int = 1, max_pods: int = 3, alike: int = 2, taken: int = 0
) -> TryAnother | GiveUp:
    limits = {"max_pods": max_pods, "same_failure_limit": alike}
    return advised(advice, failures or (FAILED,), pods, taken=taken, **limits)


@pytest.mark.parametrize(
    ("advice", "move"),
    [
        (Advice.BIGGER_GPU, TryAnother("", "the job exited with 3; a model advises a larger GPU")),
        (Advice.ELSEWHERE, TryAnother("gpu-6", "the job exited with 3; a model advises another GPU")),
        (Advice.GIVE_UP, GiveUp("the job exited with 3")),
        (
            Advice.ASK_HUMAN,
            GiveUp(
                "the job exited with 3; why, a human has to see: change the job and `swineherd run` it again",
            ),
        ),
    ],
)
def test_what_advice_may_lead_to(advice: Advice, move: TryAnother | GiveUp) -> None:
    """Two of the four words may try again; the GPU is avoided where the machine is to blame."""
    assert on_advice(advice) == move


@pytest.mark.parametrize("advice", [Advice.BIGGER_GPU, Advice.ELSEWHERE])
@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"taken": MOST_ADVISED}, "a run is tried again once on a model's advice"),
        ({"pods": 3}, "max_pods_per_run = 3 are used"),
        ({"alike": 1}, "1 time the same failure (same_failure_limit = 1)"),
    ],
    ids=["advice", "pods", "alike"],
)
def test_advice_keeps_every_limit(advice: Advice, limits: dict[str, int], why: str) -> None:
    """One retry of its own, and the policy's limits as for any failure; each is named."""
    move = on_advice(advice, **limits)
    assert isinstance(move, GiveUp)
    assert move.reason.endswith(why)


@given(
    st.lists(st.sampled_from(list(Advice)), min_size=1, max_size=20),
    st.integers(1, 20),
    st.integers(1, 20),
)
def test_no_series_of_advice_buys_a_second_retry(said: list[Advice], max_pods: int, alike: int) -> None:
    """Whatever a model says to failure after failure."""
    failures, pods, taken = [FAILED], 1, 0
    for advice in said:
        move = on_advice(advice, *failures, pods=pods, max_pods=max_pods, alike=alike, taken=taken)
        if isinstance(move, GiveUp):
            break
        failures, pods, taken = [*failures, FAILED], pods + 1, taken + 1
    assert pods <= min(1 + MOST_ADVISED, max_pods)
    assert MOST_ADVISED == 1
