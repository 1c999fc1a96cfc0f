"""Writes runs down for a worker to drive: `python -m tests.e2e.submit sandbox|real JOB HOW_MANY [SECONDS_BETWEEN]`."""

import asyncio
import sys
from pathlib import Path

from agent.assemble import open_herd


async def submit(job: Path, how_many: int, between: float, *, sandbox: bool) -> None:
    """Print their ids."""
    async with open_herd(sandbox=sandbox) as herd:
        for _ in range(how_many):
            sys.stdout.write(f"{herd.submit(job)}\n")
            await asyncio.sleep(between)


if __name__ == "__main__":
    where, job, how_many, *between = sys.argv[1:]
    asyncio.run(submit(Path(job), int(how_many), float(*between), sandbox=where == "sandbox"))
