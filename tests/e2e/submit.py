"""Writes runs down for a worker to drive: `python submit.py sandbox|real JOB HOW_MANY`."""

import asyncio
import sys
from pathlib import Path

from agent.assemble import open_herd


async def submit(job: Path, how_many: int, *, sandbox: bool) -> None:
    """Print their ids."""
    async with open_herd(sandbox=sandbox) as herd:
        for _ in range(how_many):
            sys.stdout.write(f"{herd.submit(job)}\n")


if __name__ == "__main__":
    asyncio.run(submit(Path(sys.argv[2]), int(sys.argv[3]), sandbox=sys.argv[1] == "sandbox"))
