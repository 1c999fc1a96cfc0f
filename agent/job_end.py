"""That a job came to its end on a pod, written down: where checkpoints are lost, the spend log still knows."""

from agent.parts import Parts

JOB_ENDED = "job_ended"
"""The event."""


def note_job_end(parts: Parts, run_id: str, exit_code: int) -> None:
    """Write down that the job of the current attempt has ended."""
    body: dict[str, object] = {"attempt": parts.attempt(run_id).offer.attempt, "exit_code": exit_code}
    parts.log.note(run_id, JOB_ENDED, body, parts.clock.now())
