"""A new schedule: read and checked as its nights will be, and written down."""

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.batch.sources import STDIN, read_batch
from agent.batch.submit import check_mounts
from agent.parts import Parts
from agent.submit import BadJob, ReadJob, check_writable, slug, work_of
from agent.variables import missing_variables
from policies.money import Cents
from policies.timetable import Timetable
from tools.spend_log.schedule_rows import CatchUp, Schedule

MOST_BYTES = 16 * 1024**2
"""Of a file with jobs: a thousand of them, one a line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A schedule, as its human asks for it."""

    cron: str
    timezone: str
    sources: tuple[Path, ...]
    ignored: frozenset[str]
    budget: Cents | None
    ceiling: Cents | None
    max_parallel: int
    outputs: Path | None
    catch_up: CatchUp


def add_schedule(parts: Parts, wanted: Wanted) -> tuple[Schedule, list[ReadJob]]:
    """Write a schedule down. Returns it, with the jobs that it would submit now; nothing is spent.

    Raises:
        BadTimetable: `cron` or `timezone` says no times.
        BadJob: a source can't be read each night, a job can't run here, or `outputs` can't be written.
        FileError: with every problem of every job file.
    """
    timetable = Timetable.read(wanted.cron, wanted.timezone)
    if STDIN in wanted.sources:
        raise BadJob("a schedule reads its jobs again each night: name files or folders, not `-`")
    sources = tuple(source.expanduser().absolute() for source in wanted.sources)
    for source in sources:
        _refuse_special(source)
    jobs = read_batch(sources, wanted.ignored)
    for read in jobs:
        work_of(read)
    check_mounts(parts, jobs)
    if wanted.outputs is not None:
        check_writable(wanted.outputs)
        _refuse_taken(parts, wanted.outputs.resolve())
    name = sources[0].stem
    now = parts.clock.now()
    schedule = Schedule(
        schedule_id=parts.new_id(f"schedule-{slug(name)}"),
        name=name,
        cron=timetable.cron,
        timezone=timetable.timezone,
        sources=tuple(map(str, sources)),
        ignored=tuple(sorted(wanted.ignored)),
        budget=wanted.budget,
        ceiling=wanted.ceiling,
        max_parallel=wanted.max_parallel,
        outputs="" if wanted.outputs is None else str(wanted.outputs.resolve()),
        catch_up=wanted.catch_up,
        home=parts.home_id,
        created_at=now,
        counts_from=now,
    )
    parts.log.add_schedule(schedule)
    return schedule, jobs


def _refuse_taken(parts: Parts, outputs: Path) -> None:
    """Nights of two schedules that are due together would put their outputs into one folder."""
    for other in parts.log.schedules():
        if other.home == parts.home_id and other.outputs and Path(other.outputs) == outputs:
            raise BadJob(f"--outputs: {outputs} is that of {other.schedule_id}: name another folder")


def read_schedule(schedule: Schedule) -> list[ReadJob]:
    """The jobs of a schedule as its files are now. Raises `BadJob` and `FileError`."""
    sources = [Path(source) for source in schedule.sources]
    for source in sources:
        _refuse_special(source)
    return read_batch(sources, frozenset(schedule.ignored))


def _refuse_special(source: Path) -> None:
    """A pipe that nobody writes to would be waited for all night; a file of gigabytes is no job."""
    try:
        found = source.stat()
    except OSError:
        return  # whoever reads it says what is wrong
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise BadJob(f"{source} is neither a file nor a folder")
    if stat.S_ISREG(found.st_mode) and found.st_size > MOST_BYTES:
        raise BadJob(f"{source} has more than {MOST_BYTES // 1024**2} MiB: that is no job file")


def missing_here(parts: Parts, jobs: Sequence[ReadJob]) -> list[str]:
    """Variables that jobs ask for and this environment lacks: the worker needs them, whoever adds the schedule not."""
    missing = set[str]()
    for read in jobs:
        literals = {name: value for name, value in read.job.secrets if value is not None}
        missing |= set(missing_variables(read.job, parts.variables, literals))
    return sorted(missing)
