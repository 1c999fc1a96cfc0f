"""What a run that begins anew must know of its earlier life: where its checkpoints are lost, its job may be over."""

import json

from agent import endings
from agent.parts import Parts
from agent.state import State

JOB_ENDED = "job_ended"
"""The event that a job came to its end on a pod."""


def note_job_end(parts: Parts, run_id: str, exit_code: int) -> None:
    """Write down that the job of the current attempt has ended."""
    body: dict[str, object] = {"attempt": parts.attempt(run_id).offer.attempt, "exit_code": exit_code}
    parts.log.note(run_id, JOB_ENDED, body, parts.clock.now())


def known_end(parts: Parts, run_id: str) -> State | None:
    """How a run ends whose job ended on its last pod, which is gone; None where nothing says so.

    A failed job is not diagnosed again: whoever wants another try submits it.
    """
    ended = [json.loads(event.body) for event in parts.log.events(run_id) if event.kind == JOB_ENDED]
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
