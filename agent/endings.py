"""The ways out of the road, each with its exit code (CONTRACT §6), as updates of the graph's state."""

from agent.state import EndingState, State
from tools.spend_log.rows import RunStatus


def _ending(status: RunStatus, code: int, reason: str) -> State:
    return State(ending=EndingState(status=status.value, code=code, reason=reason))


def succeeded() -> State:
    """The job ran and its outputs are here."""
    return _ending(RunStatus.SUCCEEDED, 0, "")


def job_failed(exit_code: int) -> State:
    """The job's own command failed."""
    return _ending(RunStatus.FAILED, 1, f"the job exited with {exit_code}")


def bad_input(reason: str) -> State:
    """Something in the input is wrong."""
    return _ending(RunStatus.FAILED, 2, reason)


def refused(reason: str) -> State:
    """No offer fits, a cap, frozen, or no way to pay."""
    return _ending(RunStatus.REFUSED, 3, reason)


def provider_failed(reason: str) -> State:
    """The provider or the pod failed, outputs did not arrive, or the end of a pod is not proven."""
    return _ending(RunStatus.FAILED, 5, reason)


def denied(reason: str) -> State:
    """A human said no."""
    return _ending(RunStatus.DENIED, 6, reason)


def in_doubt(reason: str) -> State:
    """Money may have been taken."""
    return _ending(RunStatus.IN_DOUBT, 7, reason)


def cancelled(reason: str) -> State:
    """Somebody cancelled the run."""
    return _ending(RunStatus.CANCELLED, 130, reason)
