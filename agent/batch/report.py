"""A batch as `batch --json` and `show BATCH --json` print it, from the spend log alone."""

from collections import Counter
from datetime import datetime

from agent.parts import Parts
from agent.result import run_result, timestamp
from policies.money import Cents, usd
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import ENDED, Run, Totals

WAITING_CODE = 4


def batch_result(log: SpendLog, batch_id: str, now: datetime) -> dict[str, object]:
    """The document of one batch; money is of all its runs, those that were tried again included.

    Raises:
        KeyError: there is no such batch.
    """
    batch = log.batch(batch_id)
    if batch is None:
        raise KeyError(batch_id)
    jobs = log.batch_jobs(batch_id)
    last = {job.position: job for job in jobs}
    results = [
        {"position": job.position, "label": job.label, **run_result(log, job.run_id, now)}
        for _, job in sorted(last.items())
    ]
    runs = [run for job in jobs if (run := log.run(job.run_id)) is not None]
    totals = total_of([log.totals(job.run_id) for job in jobs])
    started = [run.started_at for run in runs if run.started_at]
    ended = [run.ended_at for run in runs if run.ended_at]
    is_over = all(run.status in ENDED for run in runs)
    return {
        "batch_id": batch.batch_id,
        "name": batch.name,
        "budget_usd": None if batch.budget is None else usd(batch.budget),
        "max_parallel": batch.max_parallel,
        "spent_usd": usd(totals.spent),
        "held_usd": usd(totals.held),
        "in_doubt_usd": usd(totals.in_doubt),
        "counts": dict(sorted(Counter(str(result["status"]) for result in results).items())),
        "jobs": results,
        "created_at": timestamp(batch.created_at),
        "started_at": timestamp(min(started, default=None)),
        "ended_at": timestamp(max(ended)) if is_over and ended else None,
    }


def total_of(each: list[Totals]) -> Totals:
    """All of them together."""
    return Totals(
        spent=Cents(sum(one.spent for one in each)),
        held=Cents(sum(one.held for one in each)),
        in_doubt=Cents(sum(one.in_doubt for one in each)),
    )


def worst_code(runs: list[Run]) -> int:
    """The exit code of a batch: the highest of its runs'; one that was left waits for somebody."""
    return max(WAITING_CODE if run.code is None else run.code for run in runs)


def usage_words(parts: Parts, batch_id: str) -> str:
    """What was spent out of which budget, in words."""
    batch = parts.log.batch(batch_id)
    totals = total_of([parts.log.totals(job.run_id) for job in parts.log.batch_jobs(batch_id)])
    of = f" of ${usd(batch.budget)}" if batch is not None and batch.budget is not None else ""
    words = f"spent ${usd(totals.spent)}{of}"
    words += f", held ${usd(totals.held)}" if totals.held else ""
    return words + (f", in doubt ${usd(totals.in_doubt)}" if totals.in_doubt else "")
