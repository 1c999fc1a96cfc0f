"""The workers on one store: each says that it lives, sees to what the dead ones left, and takes its share of looks."""

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
        self.size = 1
        """How many workers live."""

    def join(self) -> None:
        """Say that this one lives: before it takes its first leg, so that the others know whose that is."""
        self._parts.log.beat(self._parts.holder, self._parts.clock.now())

    async def round(self, queue: LegQueue) -> None:
        """Say it again; and where this one is the first of the living, see to what the dead have left."""
        self.join()
        under_way = await queue.under_way()  # before the list is read: whoever has begun a leg had joined by then
        workers = self._parts.log.workers()
        living = [worker.holder for worker in workers if self._lives(worker)]
        if self._parts.holder not in living:
            return  # taken for dead by somebody, a moment ago; the next round says again that it lives
        self.size = len(living)
        self._place = living.index(self._parts.holder)
        if self._place == 0:
            await self._take_over(queue, under_way, {executor_id(holder) for holder in living})
            self._bury(worker for worker in workers if worker.holder not in living)

    def mine(self, run_id: str) -> bool:
        """Whether this worker looks after a run. While two of them disagree, a leg is at most asked for twice."""
        return crc32(run_id.encode()) % self.size == self._place

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
