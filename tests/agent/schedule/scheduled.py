"""Schedules in the world of `tests.agent.world`."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agent.schedule.add import Wanted, add_schedule
from agent.schedule.night import Nights
from tests.agent.batch.herd_of import write_jobs
from tests.agent.world import JOB, World
from tools.spend_log.schedule_rows import Came, CatchUp, Night, Schedule
from tools.ssh.snapshot import pack

BERLIN = "Europe/Berlin"
TWO = "0 2 * * *"


def wanted(world: World, count: int = 2, *, text: str = JOB, **changes: object) -> Wanted:
    """`count` jobs at two in the morning in Berlin."""
    new = Wanted(
        cron=TWO,
        timezone=BERLIN,
        sources=(write_jobs(world.root, count, text),),
        ignored=frozenset(),
        budget=None,
        ceiling=None,
        max_parallel=4,
        outputs=None,
        catch_up=CatchUp.NONE,
    )
    return replace(new, **changes)  # type: ignore[arg-type] # fields by their names


def scheduled(world: World, count: int = 2, *, text: str = JOB, **changes: object) -> Schedule:
    """Written down."""
    return add_schedule(world.parts, wanted(world, count, text=text, **changes))[0]


def nights(world: World) -> Nights:
    """Of the present process."""
    return Nights(world.parts, pack)


def move_to(world: World, local: str, *, seconds: float = 0) -> datetime:
    """Let the clock go to a moment of Berlin's summer or winter time, e.g. `2026-10-25T02:00+02:00`."""
    at = datetime.fromisoformat(local).astimezone(UTC)
    ahead = (at - world.clock.now()).total_seconds() + seconds
    assert ahead >= 0
    world.clock.advance(ahead)
    return at


def came(world: World, schedule: Schedule) -> list[tuple[str, str]]:
    """What came of its nights, the first one first."""
    found = world.log.nights(schedule.schedule_id, limit=100)
    return [(night.night, night.came.value) for night in reversed(found)]


async def rung(world: World, schedule: Schedule, local: str) -> Night:
    """Two seconds after a time it is rung for."""
    due = move_to(world, local, seconds=2)
    night = await nights(world).ring(schedule.schedule_id, due)
    assert night is not None
    return night


def runs_of(world: World, night: Night) -> list[str]:
    """The runs that a night began."""
    assert night.came is Came.BEGUN
    return [job.run_id for job in world.log.batch_jobs(night.batch_id)]


def files_of(world: World) -> Path:
    """Where the jobs lie."""
    return world.root / "project"
