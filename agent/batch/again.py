"""Going on with a batch: what never came to an end goes on, what could not be done is tried again."""

from dataclasses import dataclass

from agent.batch.drive import latest
from agent.batch.submit import try_again
from agent.parts import Parts
from tools.spend_log.rows import Run, RunStatus

PROVIDER_CODE = 5


@dataclass(frozen=True, slots=True)
class Again:
    """What `--resume` found: run ids that were tried again, and how many jobs are left as they ended."""

    retried: tuple[str, ...]
    left: tuple[str, ...]
    """Those that did not succeed and are not repeated: their own command failed, a human said no, money is in doubt."""


def take_up(parts: Parts, batch_id: str) -> Again:
    """Give every job that was refused, cancelled, or failed by its pod or provider another run from its snapshot."""
    jobs = {job.run_id: job for job in parts.log.batch_jobs(batch_id)}
    retried, left = list[str](), list[str]()
    for run in latest(parts, batch_id):
        if _may_be_repeated(run):
            again = try_again(parts, run, jobs[run.run_id])
            retried += [again] if again is not None else []
        elif run.status in {RunStatus.FAILED, RunStatus.DENIED, RunStatus.IN_DOUBT}:
            left.append(run.run_id)
    return Again(tuple(retried), tuple(left))


def _may_be_repeated(run: Run) -> bool:
    """The same command from the same files would fail again, and cost again."""
    return run.status in {RunStatus.REFUSED, RunStatus.CANCELLED} or (
        run.status is RunStatus.FAILED and run.code == PROVIDER_CODE
    )
