"""The workers on one store: each says that it lives, sees to what the dead ones left, and takes its share of looks.

A worker drives the runs of its home, whose files are there. Runs and legs are shared by the workers of one home, the
requests to the provider by all of them.
"""

from collections.abc import Collection, Iterable, Mapping
from zlib import crc32

import structlog

from agent.engine.leg import LegQueue, run_of
from agent.parts import Parts
from tools.spend_log.rows import Holder, Worker
from tools.spend_log.standing import lives

BEAT_SECONDS = 5.0

_log = structlog.get_logger()


def executor_id(holder: Holder) -> str:
    """The name of a worker in the queue: no other process, before or after, has the same."""
    return f"{holder.host}/{holder.boot_id}/{holder.pid}/{holder.started}"


class Crew:
    """This worker among the others."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._place = 0
        self._at_home = 1
        self.size = 1
        """How many workers live, of whatever home."""

    def join(self) -> None:
        """Say that this one lives: before it takes its first leg, so that the others know whose that is."""
        self._parts.log.beat(self._parts.holder, self._parts.clock.now(), self._parts.home_id)

    def adopt(self) -> None:
        """Runs that were submitted before a home was written down for each are of the home where their files are."""
        parts = self._parts
        here = [run_id for run_id in parts.log.homeless() if parts.home.run(run_id).path.is_dir()]
        if parts.home_id and here:
            parts.log.adopt(here, parts.home_id, parts.clock.now())

    async def round(self, queue: LegQueue) -> None:
        """Say it again; and where this one is the first of the living, see to what the dead have left."""
        self.join()
        under_way = await queue.under_way()  # before the list is read: whoever has begun a leg had joined by then
        workers = self._parts.log.workers()
        living = [worker for worker in workers if self._lives(worker)]
        at_home = [worker.holder for worker in living if worker.home == self._parts.home_id]
        if self._parts.holder not in at_home:
            return  # taken for dead by somebody, a moment ago; the next round says again that it lives
        self.size = len(living)
        self._at_home = len(at_home)
        self._place = at_home.index(self._parts.holder)
        if self._place == 0:
            await self._take_over(queue, under_way, {executor_id(holder) for holder in at_home})
            self._bury(worker for worker in workers if worker not in living)

    def mine(self, run_id: str) -> bool:
        """Whether this worker looks after a run of its home. Where two disagree, a leg is at most asked for twice."""
        return crc32(run_id.encode()) % self._at_home == self._place

    def leave(self) -> None:
        """Nothing is under way here any more."""
        self._parts.log.retire(self._parts.holder)

    def _lives(self, worker: Worker) -> bool:
        mine = self._parts.holder
        return worker.holder == mine or lives(worker, mine, self._parts.clock.now(), self._parts.alive)

    async def _take_over(self, queue: LegQueue, under_way: Mapping[str, str], living: Collection[str]) -> None:
        """Legs that none of the living has begun: a run has no other leg before that one has come to something."""
        legs = [leg_id for leg_id, executor in under_way.items() if executor not in living]
        if legs:
            await queue.begin_again(legs)
            _log.info("legs of the dead begin again", run_ids=sorted({run_of(leg_id) for leg_id in legs}))

    def _bury(self, dead: Iterable[Worker]) -> None:
        for worker in dead:
            self._parts.log.retire(worker.holder)
            _log.info("a worker is gone", pid=worker.holder.pid, host=worker.holder.host)
