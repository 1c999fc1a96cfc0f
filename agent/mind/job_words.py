"""A job as a model is shown it: bounded, and without the value of any secret, or what looks like one."""

from agent.mind.tokens import without_tokens
from agent.parts import Parts
from agent.variables import MissingVariable, secret_literals, secrets_of
from policies.job import Job
from policies.masking import mask
from policies.text import clean, clean_lines

MOST_DESCRIPTION_CHARS = 500
MOST_COMMAND_CHARS = 1000


def job_words(parts: Parts, run_id: str) -> str:
    """Name, description, hours, VRAM and command, on lines of their own.

    The free text is left out where a secret is not set here: it could not be masked.
    """
    job = parts.job(run_id)
    try:
        secrets = secrets_of(job, parts.variables, secret_literals(parts.run(run_id).job_path))
    except MissingVariable:
        return _figures(job)
    masked = mask(_free_text(job).encode(errors="replace"), secrets.values()).decode(errors="replace")
    return f"{_figures(job)}\n{without_tokens(masked)}"


def _figures(job: Job) -> str:
    hours = "not said" if job.hours is None else str(job.hours)
    vram = "not said" if job.vram_gb is None else f"{job.vram_gb} GB"
    return f"hours expected: {hours}\nVRAM needed: {vram}"


def _free_text(job: Job) -> str:
    named = f"name: {clean(job.name, MOST_DESCRIPTION_CHARS)}"
    described = f"description: {clean(job.description, MOST_DESCRIPTION_CHARS)}"
    return f"{named}\n{described}\ncommand:\n{clean_lines(job.run, MOST_COMMAND_CHARS)}"
