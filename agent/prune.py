"""Removing what ended runs left on the disk: checkpoints, and by age or size their logs, outputs and snapshots."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver

from agent.checkpoints import forget
from agent.drive import Driver
from agent.over import is_over
from agent.parts import Parts
from policies.retention import Limits, Removal, Stored, to_remove
from tools.spend_log.rows import Run, RunStatus

EVERY_RUN = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, or would be."""

    checkpoints: tuple[str, ...]
    """Runs whose checkpoints went."""
    removals: tuple[Removal, ...]


async def prune(driver: Driver, limits: Limits, *, dry_run: bool) -> Pruned:
    """Drop checkpoints of finished runs that their drivers left, and what `limits` say of their files.

    The spend log, the job as it was resolved and the report stay for ever; so does everything of a run that has not
    ended, that somebody drives, or whose pod or money is not settled, and what was synced of one that did not succeed.
    Outputs outside the home are their owner's.
    """
    parts = driver.parts
    finished = [run for run in parts.log.runs(limit=EVERY_RUN) if _is_finished(parts, run)]
    dropped = await _drop_checkpoints(driver, finished, dry_run=dry_run)
    removals = to_remove(_stored(parts, finished), limits, parts.clock.now())
    if not dry_run:
        for removal in removals:
            _remove(parts, parts.run(removal.stored.run_id))
    return Pruned(tuple(dropped), tuple(removals))


def _is_finished(parts: Parts, run: Run) -> bool:
    return is_over(parts, run) and parts.log.lease(run.run_id) is None


async def _drop_checkpoints(driver: Driver, runs: list[Run], *, dry_run: bool) -> list[str]:
    saver = driver.graph.checkpointer
    if not isinstance(saver, BaseCheckpointSaver):
        return []
    dropped = []
    for run in runs:
        config = RunnableConfig(configurable={"thread_id": run.run_id})
        if await saver.aget_tuple(config) is not None:
            dropped.append(run.run_id)
            if not dry_run:
                await forget(saver, run.run_id)
    return dropped


def _stored(parts: Parts, runs: list[Run]) -> list[Stored]:
    """A snapshot that several runs share is counted with the first of them: it goes with the last."""
    seen: set[tuple[int, int]] = set()
    found = []
    for run in sorted(runs, key=lambda one: one.created_at):
        paths = _removable(parts, run)
        if paths and run.ended_at is not None:
            found.append(Stored(run.run_id, run.ended_at, sum(_size(path, seen) for path in paths)))
    return found


def _removable(parts: Parts, run: Run) -> list[Path]:
    """What lies in a run's folder beside the job, the report, and what was synced while nothing better came home."""
    folder = parts.home.run(run.run_id)
    kept = {folder.job_file, folder.report} | ({folder.synced} if run.status is not RunStatus.SUCCEEDED else set())
    return sorted(path for path in folder.path.iterdir() if path not in kept) if folder.path.is_dir() else []


def _size(path: Path, seen: set[tuple[int, int]]) -> int:
    """Bytes of a file, or of all files below a folder; links are not followed."""
    files = [path] if not path.is_dir() or path.is_symlink() else _below(path)
    total = 0
    for file in files:
        status = file.lstat()
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            total += status.st_size
    return total


def _below(folder: Path) -> list[Path]:
    return [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]


def _remove(parts: Parts, run: Run) -> None:
    for path in _removable(parts, run):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
