"""What a run that begins anew must know of its earlier life: where its checkpoints are lost, its job may be over."""

from agent import endings
from agent.job_end import JOB_ENDED
from agent.noted import DIAGNOSED, GAVE_UP, noted
from agent.parts import Parts
from agent.state import State
from agent.steps.diagnose import ending_of
from policies.recovery import Failure, FailureKind


def known_end(parts: Parts, run_id: str) -> State | None:
    """How a run ends whose earlier life was over but for its report, or had all its pods; None where nothing says so.

    A failed job is not diagnosed again: whoever wants another try submits it.
    """
    return _of_its_job(parts, run_id) or _given_up(parts, run_id) or _out_of_pods(parts, run_id)


def _of_its_job(parts: Parts, run_id: str) -> State | None:
    """The job ended on the last pod, which is gone."""
    ended = noted(parts.log, run_id, JOB_ENDED)
    attempts = parts.log.attempts(run_id)
    if not ended or not attempts or ended[-1]["attempt"] != attempts[-1].offer.attempt:
        return None
    exit_code = int(ended[-1]["exit_code"])
    orders = [order for order in parts.log.orders(run_id) if order.attempt == attempts[-1].offer.attempt]
    if not any(order.collected for order in orders):
        ending = endings.provider_failed("the job ended, and its pod was gone before the outputs were fetched")
    elif exit_code:
        ending = endings.job_failed(exit_code)
    else:
        ending = endings.succeeded()
    return ending | State(job_exit_code=exit_code)


def _given_up(parts: Parts, run_id: str) -> State | None:
    """No other pod was to be tried."""
    moves = noted(parts.log, run_id, DIAGNOSED)
    if not moves or moves[-1]["move"] != GAVE_UP:
        return None
    reason = moves[-1]["reason"]
    return ending_of(Failure(FailureKind(moves[-1]["failure"]), moves[-1]["gpu"], reason), reason, None)


def _out_of_pods(parts: Parts, run_id: str) -> State | None:
    """What became of them is not known; one more is not rented for that."""
    most = parts.policy.recovery.max_pods_per_run
    if parts.pods_used(run_id) < most:
        return None
    return endings.provider_failed(f"max_pods_per_run = {most} are used, and how the last one fared is not known")
