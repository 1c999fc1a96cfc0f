"""How the jobs of a batch ended, as a table."""

from agent.cli import output


def print_jobs(document: dict[str, object]) -> None:
    """The final table: every job, how it ended, what it cost, where its outputs are or why there are none."""
    jobs = document["jobs"]
    rows = [_row(job) for job in jobs] if isinstance(jobs, list) else []
    output.table(("#", "JOB", "RUN", "STATUS", "GPU", "SPENT", "OUTPUTS OR WHY"), rows)


def _row(job: dict[str, object]) -> list[str]:
    last = job["outputs_dir"] if job["status"] == "succeeded" else job["reason"]
    cells = (job["position"], job["label"], job["run_id"], job["status"], job["gpu"] or "-", job["spent_usd"], last)
    return [str(cell).replace("\n", " ") for cell in cells]
