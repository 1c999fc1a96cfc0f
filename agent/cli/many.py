"""Commands about many runs at once: their options. What they do lies beside this, imported when a command runs."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.options import Ignore, Json, MaxUsd, Outputs, Sandbox, Wait


def batch(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE|DIR|-]…", help="Job files, folders of them, JSON lines (`-`: from stdin)."),
    ] = None,
    *,
    budget_usd: Annotated[
        str | None, typer.Option("--budget-usd", metavar="N", help="What all jobs together may cost.")
    ] = None,
    max_parallel: Annotated[
        int | None, typer.Option("--max-parallel", min=1, help="Jobs at once, at most [default: 4].")
    ] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="BATCH", help="Go on with a batch; what succeeded is kept.")
    ] = None,
    sandbox: Sandbox = False,
    outputs: Outputs = None,
    max_usd: MaxUsd = None,
    ignore: Ignore = None,
    wait: Wait = True,
    json: Json = False,
) -> None:
    """Run many jobs under one budget; a `matrix:` in a job file is one job for each combination."""
    from agent.cli import batch as command
    from agent.cli.amounts import dollars

    asked = command.Asked(
        sources=tuple(sources or ()),
        resume=resume,
        sandbox=sandbox,
        outputs=outputs,
        budget=dollars("--budget-usd", budget_usd),
        max_usd=dollars("--max-usd", max_usd),
        max_parallel=max_parallel,
        ignore=frozenset(ignore or ()),
        wait=wait,
        as_json=json,
    )
    command.batch(asked)


def batches(*, json: Json = False) -> None:
    """List batches: how their jobs stand, and what they spent of their budgets."""
    from agent.cli import batches as command

    command.batches(as_json=json)


def grants(
    *,
    revoke: Annotated[str | None, typer.Option("--revoke", metavar="GRANT", help="Take one back.")] = None,
    json: Json = False,
) -> None:
    """List what was approved ahead and what is left of it, or take a grant back."""
    from agent.cli import grants as command

    command.grants(revoke=revoke, as_json=json)


def prune(
    *,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="DAYS", help="Files of runs that ended before.")
    ] = None,
    max_gb: Annotated[
        str | None, typer.Option("--max-gb", metavar="N", help="Files of the oldest runs, until so much is left.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    sandbox: Sandbox = False,
    json: Json = False,
) -> None:
    """Drop checkpoints of finished runs and, by age or size, their logs, outputs and snapshots; never the spend log."""
    from agent.cli import prune as command

    command.prune_home(older_than=older_than, max_gb=max_gb, dry_run=dry_run, sandbox=sandbox, as_json=json)
