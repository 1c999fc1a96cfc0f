"""cancel, for a batch as a whole."""

import asyncio
import sys
from datetime import UTC, datetime

from agent.assemble import open_herd
from agent.batch.drive import BatchDriver
from agent.batch.report import batch_result
from agent.cli import output
from agent.cli.batch_table import print_jobs
from agent.cli.batches import store_of
from agent.cli.foreground import interruptible
from agent.cli.places import holds_batch
from agent.cli.terminal import TerminalFace
from agent.settings import Settings
from policies.text import counted
from tools.spend_log.rows import ENDED


def cancel_batch(settings: Settings, batch_id: str, *, as_json: bool) -> int:
    """Wish every run of a batch that has not ended to end, and drive home what nobody else drives. Buys nothing."""
    is_sandbox = holds_batch(settings, batch_id)
    with store_of(settings, batch_id) as log:
        runs = [log.run(job.run_id) for job in log.batch_jobs(batch_id)]
        unended = [run.run_id for run in runs if run is not None and run.status not in ENDED]
        for run_id in unended:
            log.request_cancel(run_id, datetime.now(UTC), "cancel command")
    output.aside(f"{batch_id}: cancelling {len(unended)} of {counted(len(runs), 'run')}")
    if unended:
        asyncio.run(_bring_home(settings, unended, sandbox=is_sandbox))
    with store_of(settings, batch_id) as log:
        document = batch_result(log, batch_id, datetime.now(UTC))
    if as_json:
        output.document(document)
    else:
        print_jobs(document)
    return 0


async def _bring_home(settings: Settings, run_ids: list[str], *, sandbox: bool) -> None:
    async with open_herd(settings, sandbox=sandbox, face=TerminalFace(sys.stderr)) as herd:
        driver = BatchDriver(herd.driver, 1)
        await interruptible(driver.drive(run_ids, wait=False, in_turn=False))
        for run_id, why in driver.trouble.items():
            output.aside(f"{run_id}: {why}")
