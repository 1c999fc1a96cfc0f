"""What a run is doing, in words, the same in every channel."""

from tools.spend_log.rows import ENDED, Run

STEPS = {
    "intake": "reading the job",
    "discover": "looking at the market",
    "pick": "picking a GPU",
    "rent": "reading the price again",
    "escalate": "waiting for an answer",
    "pay": "paying",
    "poll": "the pod is deploying",
    "run_job": "the job runs",
    "collect": "bringing the results home",
    "terminate": "ending the pod",
    "diagnose": "finding out what went wrong",
    "report": "writing the report",
}


def doing_of(run: Run) -> str:
    """The step that a run is in; "" once it has ended."""
    return "" if run.status in ENDED else STEPS.get(run.step, "waiting for a worker")
