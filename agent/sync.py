"""Results while the job runs: fetched every `sync_minutes`, so that a pod that is lost takes little with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agent.folders import RunFolder
from agent.parts import Parts
from policies.job import Job
from policies.text import counted
from tools.errors import HostUnreachable, TransferFailed
from tools.ports import PodSession, RemoteHome
from tools.spend_log.rows import OrderRow

MINUTES_AN_HOUR = 60


@asynccontextmanager
async def synced(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> AsyncIterator[None]:
    """Within, outputs of the running job come here from time to time."""
    syncing = asyncio.ensure_future(_sync(parts, order, session, home))
    try:
        yield
    finally:
        syncing.cancel()
        await asyncio.gather(syncing, return_exceptions=True)


async def _sync(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> None:
    """What comes of it is told once; afterwards it goes on quietly."""
    minutes, folder = parts.policy.time.sync_minutes, parts.home.run(order.run_id).synced
    told = has_files(folder)
    while minutes and parts.job(order.run_id).outputs:
        await parts.clock.sleep((minutes * parts.hour / MINUTES_AN_HOUR).total_seconds())
        try:
            trouble = await sync_once(parts, order, session, home)
        except HostUnreachable:
            continue
        if not told and (trouble or has_files(folder)):
            result = f"not all outputs could be synced ({trouble})" if trouble else "the outputs are synced"
            parts.face.tell(order.run_id, f"{result}, again every {counted(minutes, 'minute')}, to {folder}")
            told = True


async def sync_once(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> str:
    """Bring what is there now. A file that changes while it is read keeps its last good copy; that is no error.

    Returns:
        "" when all that is there came, else why not.

    Raises:
        HostUnreachable: the connection is lost.
    """
    try:
        await session.fetch(home, parts.job(order.run_id).outputs, parts.home.run(order.run_id).synced)
    except TransferFailed as error:
        return str(error)
    return ""


def has_files(folder: Path) -> bool:
    """Whether anything was ever synced there."""
    return folder.is_dir() and any(path.is_file() for path in folder.rglob("*"))


def goes_on(job: Job, folder: RunFolder) -> bool:
    """Whether `resume` is run instead of `run`: the job has one, and there is something to go on from."""
    return bool(job.resume) and has_files(folder.synced)


def put_synced_away(folder: RunFolder, why: str) -> None:
    """Give what an earlier pod left a name of its own: a job that begins anew must not write over it."""
    if not has_files(folder.synced):
        return
    number = 1
    while (kept := folder.path / f"synced.{why}-{number}").exists():
        number += 1
    folder.synced.rename(kept)


def where_synced(parts: Parts, run_id: str) -> str:
    """Where outputs are that came while the job ran, if those of its last pod did not come at its end; else ""."""
    started = [order for order in parts.log.orders(run_id) if order.job_started]
    if not started or started[-1].collected:
        return ""
    kept = [path for path in sorted(parts.home.run(run_id).path.glob("synced*")) if has_files(path)]
    return f"outputs synced while it ran are in {', '.join(map(str, kept))}" if kept else ""
