"""Jobs that run while nobody drives them, and write what a test says."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from tests.agent.world import World
from tests.fakes.pods import Script
from tools.spend_log.rows import Decision

LONG = replace(Script(), seconds=600.0)
"""For the pods of such a world."""


async def job_runs(world: World, run_id: str) -> None:
    """Say yes, and let the job run for a while; then nobody drives it, and its log is empty."""
    world.decide(run_id, Decision.APPROVED)
    driving = asyncio.create_task(world.drive(run_id))
    world.clock.at(world.clock.monotonic() + LONG.seconds / 2, driving.cancel)
    with suppress(asyncio.CancelledError):
        await driving
    assert world.parts.run(run_id).step == "run_job"
    world.home.run(run_id).log.write_bytes(b"")


def writes(world: World, run_id: str, text: str) -> None:
    """The log grows."""
    with world.home.run(run_id).log.open("a") as log:
        log.write(text)
