"""A new schedule: read and checked as its nights will be, and written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.batch.sources import STDIN, read_batch
from agent.batch.submit import check_mounts
from agent.parts import Parts
from agent.submit import BadJob, ReadJob, check_writable, slug
from agent.variables import missing_variables
from policies.money import Cents
from policies.timetable import Timetable
from tools.spend_log.schedule_rows import CatchUp, Schedule


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
    jobs = read_batch(sources, wanted.ignored)
    check_mounts(parts, jobs)
    if wanted.outputs is not None:
        check_writable(wanted.outputs)
        _refuse_taken(parts, str(wanted.outputs.absolute()))
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
        outputs="" if wanted.outputs is None else str(wanted.outputs.absolute()),
        catch_up=wanted.catch_up,
        home=parts.home_id,
        created_at=now,
        counts_from=now,
    )
    parts.log.add_schedule(schedule)
    return schedule, jobs


def _refuse_taken(parts: Parts, outputs: str) -> None:
    """Nights of two schedules that are due together would put their outputs into one folder."""
    for other in parts.log.schedules():
        if other.outputs == outputs:
            raise BadJob(f"--outputs: {outputs} is that of {other.schedule_id}: name another folder")


def read_schedule(schedule: Schedule) -> list[ReadJob]:
    """The jobs of a schedule as its files are now. Raises `BadJob` and `FileError`."""
    return read_batch([Path(source) for source in schedule.sources], frozenset(schedule.ignored))


def missing_here(parts: Parts, jobs: Sequence[ReadJob]) -> list[str]:
    """Variables that jobs ask for and this environment lacks: the worker needs them, whoever adds the schedule not."""
    missing = set[str]()
    for read in jobs:
        literals = {name: value for name, value in read.job.secrets if value is not None}
        missing |= set(missing_variables(read.job, parts.variables, literals))
    return sorted(missing)
