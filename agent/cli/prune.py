"""prune: make room on the disk; nothing about money is ever removed."""

import asyncio
import re
from datetime import timedelta
from decimal import Decimal

from agent.assemble import open_herd
from agent.cli import output
from agent.cli.places import settings_or_fail
from agent.prune import Pruned, prune
from policies.retention import Limits
from policies.text import counted

_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?", re.ASCII)


def prune_home(*, older_than: str | None, max_gb: str | None, dry_run: bool, sandbox: bool, as_json: bool) -> None:
    """Drop checkpoints of finished runs, and files by age and size."""
    with output.clear_errors():
        days, gigabytes = _number("--older-than", older_than), _number("--max-gb", max_gb)
        limits = Limits(
            older_than=None if days is None else timedelta(seconds=int(days * 86_400)),
            most_bytes=None if gigabytes is None else int(gigabytes * 10**9),
        )
        pruned = asyncio.run(_prune(limits, dry_run=dry_run, sandbox=sandbox))
        if as_json:
            output.document(_document(pruned, dry_run=dry_run))
        else:
            _tell(pruned, dry_run=dry_run)


def _number(option: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        output.fail(f"{option}: expected a number such as 30 or 0.5, found {text!r}", output.USAGE)
    return Decimal(text)


async def _prune(limits: Limits, *, dry_run: bool, sandbox: bool) -> Pruned:
    async with open_herd(settings_or_fail(), sandbox=sandbox) as herd:
        return await prune(herd.driver, limits, dry_run=dry_run)


def _document(pruned: Pruned, *, dry_run: bool) -> dict[str, object]:
    runs = [{"run_id": one.stored.run_id, "bytes": one.stored.size, "reason": one.reason} for one in pruned.removals]
    return {"dry_run": dry_run, "checkpoints": list(pruned.checkpoints), "runs": runs}


def _tell(pruned: Pruned, *, dry_run: bool) -> None:
    verb = "would be" if dry_run else "were"
    for one in pruned.removals:
        output.line(f"{one.stored.run_id}: {one.stored.size / 1e6:.1f} MB {verb} removed: {one.reason}")
    size = sum(one.stored.size for one in pruned.removals) / 1e9
    output.line(
        f"checkpoints of {counted(len(pruned.checkpoints), 'finished run')}, and logs, outputs and snapshots of"
        f" {len(pruned.removals)} ({size:.2f} GB) {verb} removed; the spend log, jobs and reports stay"
    )
