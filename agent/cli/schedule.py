"""`swineherd schedule`: its commands and their options. What they do lies beside this, imported when one runs."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.options import Ignore, Json, MaxUsd, Outputs, Sandbox

app = typer.Typer(
    help="Jobs that are submitted again and again, each night under one budget; `serve` or `worker` runs them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ScheduleId = Annotated[str, typer.Argument(metavar="SCHEDULE", help="A schedule's id, as `schedule list` prints it.")]
Nights = Annotated[int, typer.Option("--nights", min=1, max=1000, help="So many nights at most.")]
Until = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Not after the end of this day, e.g. 2026-12-31.")
]
PerNight = Annotated[
    str | None,
    typer.Option("--usd-per-night", metavar="N", help="Of each [default: the budget, or what the jobs would cost]."),
]


@app.command()
def add(  # noqa: PLR0913 - a command has as many arguments as it has options
    cron: Annotated[str, typer.Argument(metavar="CRON", help='When, as in "0 2 * * *": two in the morning.')],
    sources: Annotated[
        list[Path], typer.Argument(metavar="JOB|DIR…", help="Job files and folders of them, read anew each night.")
    ],
    *,
    budget_usd: Annotated[str | None, typer.Option("--budget-usd", metavar="N", help="What a night may cost.")] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="As in Europe/Berlin [default: this machine's].")
    ] = None,
    catch_up: Annotated[
        str, typer.Option("--catch-up", metavar="none|last", help="Of nights at which no worker ran.")
    ] = "none",
    max_parallel: Annotated[int, typer.Option("--max-parallel", min=1, help="Jobs at once, at most.")] = 4,
    max_usd: MaxUsd = None,
    outputs: Outputs = None,
    ignore: Ignore = None,
    sandbox: Sandbox = False,
    json: Json = False,
) -> None:
    """Submit jobs at these times; says when, and whether a human would be asked each night."""
    from agent.cli import schedules as command

    asked = command.New(
        cron=cron,
        timezone=timezone,
        sources=tuple(sources),
        budget_usd=budget_usd,
        max_usd=max_usd,
        max_parallel=max_parallel,
        outputs=outputs,
        ignore=frozenset(ignore or ()),
        catch_up=catch_up,
        sandbox=sandbox,
        as_json=json,
    )
    command.add(asked)


@app.command(name="list")
def list_(*, json: Json = False) -> None:
    """List schedules: their next three times, what came of the last night, and what is granted."""
    from agent.cli import schedules as command

    command.list_schedules(as_json=json)


@app.command()
def pause(schedule_id: ScheduleId) -> None:
    """Begin no night until `schedule resume`; one that is under way goes on."""
    from agent.cli import schedules as command

    command.pause(schedule_id)


@app.command()
def resume(schedule_id: ScheduleId) -> None:
    """Go on after a pause; the nights within it are not made up for."""
    from agent.cli import schedules as command

    command.resume(schedule_id)


@app.command()
def remove(schedule_id: ScheduleId) -> None:
    """Remove a schedule and take back what is granted for it; a night that is under way goes on."""
    from agent.cli import schedules as command

    command.remove(schedule_id)


@app.command()
def grant(schedule_id: ScheduleId, *, nights: Nights = 7, until: Until = None, usd_per_night: PerNight = None) -> None:
    """Say yes ahead to the orders of many nights; in a terminal it asks, elsewhere `approve SCHEDULE` answers."""
    from agent.cli import schedule_question as command

    command.grant(schedule_id, nights=nights, until=until, usd_per_night=usd_per_night)
