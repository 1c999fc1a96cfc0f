"""The workers on one store: each says that it lives, sees to what the dead ones left, and takes its share of looks."""

from datetime import timedelta
from zlib import crc32

import structlog

from agent.engine.leg import LegQueue
from agent.parts import Parts
from tools.spend_log.rows import Holder, Lease, Worker
from tools.spend_log.standing import stands_against

BEAT_SECONDS = 5.0

SILENT_FOR = timedelta(seconds=60)
"""A worker on another machine that has not been heard of for so long is taken for dead, as a lease would be."""

_log = structlog.get_logger()


def executor_id(holder: Holder) -> str:
    """The name of a worker in the queue: no other process, before or after, has the same."""
    return f"{holder.host}/{holder.boot_id}/{holder.pid}/{holder.started}"


class Crew:
    """This worker among the others."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._place = 0
        self.size = 1
        """How many workers live."""

    def join(self) -> None:
        """Say that this one lives: before it takes its first leg, so that the others know whose that is."""
        self._parts.log.beat(self._parts.holder, self._parts.clock.now())

    async def round(self, queue: LegQueue) -> None:
        """Say it again, and give to the living what a dead worker had begun."""
        self.join()
        living = []
        for worker in self._parts.log.workers():
            if worker.holder == self._parts.holder or self._lives(worker):
                living.append(worker.holder)
            else:
                await self._bury(worker, queue)
        self.size = len(living)
        self._place = living.index(self._parts.holder)

    def mine(self, run_id: str) -> bool:
        """Whether this worker looks after a run. While two of them disagree, a leg is at most asked for twice."""
        return crc32(run_id.encode()) % self.size == self._place

    def leave(self) -> None:
        """Nothing is under way here any more."""
        self._parts.log.retire(self._parts.holder)

    def _lives(self, worker: Worker) -> bool:
        """By the one rule for leases too."""
        as_lease = Lease("", worker.holder, worker.heartbeat_at, worker.heartbeat_at + SILENT_FOR)
        return stands_against(as_lease, self._parts.holder, self._parts.clock.now(), self._parts.alive)

    async def _bury(self, worker: Worker, queue: LegQueue) -> None:
        """Its legs first: should this worker die in between, the next one finds it listed still."""
        legs = await queue.take_over(executor_id(worker.holder))
        self._parts.log.retire(worker.holder)
        _log.info("a worker is gone", pid=worker.holder.pid, host=worker.holder.host, legs=len(legs))
