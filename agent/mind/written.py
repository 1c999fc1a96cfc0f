"""From what was understood to a job, by the parser that reads job files."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import yaml

from agent.submit import slug
from policies.job import Job, read_job
from policies.reading.understood import Source, Understood
from policies.text import clean, without_links

DESCRIBED = "the description"
MOST_NAME = 40
MOST_DESCRIPTION = 2000
MOST_SHOWN = 200

_RESOURCES = ("accelerators", "vram_gb")
_TOP = ("run", "setup", "hours", "budget_usd", "outputs", "workdir")


def job_of(understood: Understood, text: str) -> Job:
    """The job that a description comes to.

    Raises:
        JobFileError: what was understood is no job.
    """
    fields = understood.fields
    written: dict[str, object] = {name: _plain(fields[name]) for name in _TOP if name in fields}
    written["name"] = slug(str(fields.get("name") or _first_words(text)))[:MOST_NAME].strip("-") or "job"
    written["description"] = clean(text, MOST_DESCRIPTION)
    written["resources"] = {name: _plain(fields[name]) for name in _RESOURCES if name in fields}
    return read_job(yaml.safe_dump(written, allow_unicode=True), DESCRIBED).job


def filled(job: Job, understood: Understood) -> Job:
    """A job file's job with what its description adds: the fields that the file leaves open, and a lower budget.

    Raises:
        JobFileError: what was understood is no job.
    """
    described = job_of(understood, job.description)
    return replace(
        job,
        run=job.run or described.run,
        setup=job.setup if job.run else job.setup or described.setup,
        accelerators=job.accelerators or described.accelerators,
        vram_gb=job.vram_gb or described.vram_gb,
        hours=job.hours or described.hours,
        budget=described.budget,
        outputs=job.outputs or described.outputs,
    )


def _first_words(text: str) -> str:
    return " ".join(text.replace("#", " ").split()[:5])


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return list(value) if isinstance(value, tuple) else value


def explained(understood: Understood) -> Mapping[str, str]:
    """Field → its value and where it is from, as a human reads it."""
    lines = {}
    for name, value in understood.fields.items():
        source = understood.sources.get(name, Source.DEFAULT)
        note = understood.notes.get(name)
        lines[name] = f"{_shown(value)} ({source}{': ' + note if note else ''})"
    return lines


def _shown(value: object) -> str:
    match value:
        case Mapping():
            text = ", ".join(f"{name} {one}" for name, one in value.items())
        case tuple() | list():
            text = ", ".join(map(str, value))
        case _:
            text = str(value)
    return without_links(clean(text, MOST_SHOWN))
