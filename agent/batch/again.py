"""Going on with a batch: what never came to an end goes on, what could not be done is tried again."""

from dataclasses import dataclass

from agent.batch.drive import latest
from agent.batch.submit import try_again
from agent.parts import Parts
from agent.submit import BadJob
from policies.charge import FINAL
from tools.spend_log.rows import ENDED, Run, RunStatus

PROVIDER_CODE = 5


@dataclass(frozen=True, slots=True)
class Again:
    """What `--resume` found: run ids that were tried again, and how many jobs are left as they ended."""

    retried: tuple[str, ...]
    left: tuple[str, ...]
    """Those that did not succeed and are not repeated."""


def take_up(parts: Parts, batch_id: str) -> Again:
    """Give every job that was refused, or failed by its pod or provider, another run from its snapshot.

    What stays as it ended: the job's own command failed, a human cancelled it or said no, money is in doubt, something
    of it may still cost or be paid, or its snapshot is gone.
    """
    jobs = {job.run_id: job for job in parts.log.batch_jobs(batch_id)}
    retried, left = list[str](), list[str]()
    for run in latest(parts, batch_id):
        if run.status not in ENDED or run.status is RunStatus.SUCCEEDED:
            continue
        if not _may_be_repeated(parts, run):
            left.append(run.run_id)
            continue
        try:
            again = try_again(parts, run, jobs[run.run_id])
        except BadJob:
            left.append(run.run_id)
        else:
            retried += [again] if again is not None else []
    return Again(tuple(retried), tuple(left))


def _may_be_repeated(parts: Parts, run: Run) -> bool:
    """The same command from the same files would fail again, and cost again."""
    lost = run.status is RunStatus.FAILED and run.code == PROVIDER_CODE
    if run.status is not RunStatus.REFUSED and not lost:
        return False
    unsettled = any(charge.state not in FINAL for charge in parts.log.charges(run.run_id))
    return not unsettled and not parts.log.orders(run.run_id, open_only=True)
