"""What a worker does with a leg: take the lease, see where the run stands, and drive it to where it parks or ends."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

import structlog

from agent.drive import WAITING_CODE, Driver
from agent.engine.leg import Leg
from agent.errors import LeaseHeld
from agent.parking import Cause
from agent.variables import MissingVariable
from agent.watcher import Watcher
from tools.errors import SwineherdError
from tools.spend_log.rows import ENDED, Awaited, Parked, RunStatus

GRACE_SECONDS = 2.5
"""How long a leg may go on, to its next parking place, when the worker is told to end."""

NEVER = timedelta(days=36_500)
"""After its deadline, until a question that nobody answered in time is looked at again by itself."""

_log = structlog.get_logger()


class Came(StrEnum):
    """What came of a leg."""

    PARKED = "parked"
    ENDED = "ended"
    HELD = "held"
    """Somebody else drives the run."""
    LATE = "late"
    """The run is not parked there any more: a duplicate, or an answer that was overtaken."""
    LEFT = "left"
    """To its human, or to another worker: this one was told to end."""
    FAILED = "failed"
    """The run stands where it stood, and is tried again."""


class Legs:
    """The legs under way in this process."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._parts = driver.parts
        self._watcher = Watcher(driver.parts)
        self._under_way: dict[str, asyncio.Task[Came]] = {}
        self._ending = asyncio.Event()

    @property
    def run_ids(self) -> Iterable[str]:
        """The runs that this process drives."""
        return self._under_way.keys()

    async def drive(self, leg: Leg) -> str:
        """Drive one leg. Whatever becomes of it is an outcome, not an error: the lookout asks again where it must.

        The lease alone does not keep two legs of a run apart that this very process holds it for.
        """
        if self._ending.is_set() or leg.run_id in self._under_way:
            return Came.HELD
        task = asyncio.create_task(self._outcome(leg))
        self._under_way[leg.run_id] = task
        try:
            came = await task
        except asyncio.CancelledError:
            if not self._ending.is_set():
                raise
            came = Came.LEFT
        finally:
            del self._under_way[leg.run_id]
        _log.info("leg", run_id=leg.run_id, cause=leg.cause, came=came.value)
        return came

    async def drain(self) -> None:
        """Begin no more legs; let go what has not parked by itself within `GRACE_SECONDS`.

        A leg in the middle of a purchase comes to its answer first, however long that takes. A job on a pod goes on.
        """
        self._ending.set()
        under_way = list(self._under_way.values())
        grace = asyncio.create_task(self._parts.clock.sleep(GRACE_SECONDS))
        while not grace.done() and not all(task.done() for task in under_way):
            going_on = [task for task in under_way if not task.done()]
            await asyncio.wait({grace, *going_on}, return_when=asyncio.FIRST_COMPLETED)
        grace.cancel()
        for task in under_way:
            task.cancel("the worker was told to end")
        await asyncio.gather(grace, *under_way, return_exceptions=True)

    async def _outcome(self, leg: Leg) -> Came:
        try:
            return await self._driven(leg)
        except LeaseHeld as held:
            _log.info("held", run_id=leg.run_id, why=str(held))
            return Came.HELD
        except SwineherdError as error:
            _log.warning("failed", run_id=leg.run_id, why=str(error))
            return Came.FAILED
        except Exception:  # noqa: BLE001 - the outermost edge of a leg: one run's defect must not end the others
            _log.exception("a defect of ours", run_id=leg.run_id)
            return Came.FAILED

    async def _driven(self, leg: Leg) -> Came:
        run_id = leg.run_id
        before = self._parts.log.lease(run_id)
        async with self._driver.lease(run_id):
            if before is not None and before.holder != self._parts.holder:
                _log.info("taken over", run_id=run_id, from_pid=before.holder.pid, from_host=before.holder.host)
            if self._parts.run(run_id).status in ENDED:
                return Came.LATE
            if self._left_to_its_human(run_id):
                return Came.LEFT
            stands = next(iter(self._parts.log.parked(run_id)), None)
            if stands is not None and leg.interrupt_id not in {"", stands.interrupt_id}:
                return Came.LATE
            # Without a row nothing is to be woken: whoever was driving died, and the graph goes on where it stands.
            cause = None if stands is None else leg.cause
            if stands is not None and stands.awaited is Awaited.HUMAN and leg.cause == "deadline":
                cause = self._unanswered(stands)
                if cause is None:
                    return Came.LEFT
            parked = await self._driver.leg(run_id, cause)
            return Came.ENDED if parked is None else self._noted(parked)

    def _left_to_its_human(self, run_id: str) -> bool:
        """A variable is missing: at a terminal that is an error before money, here nobody would see it."""
        try:
            return self._driver.left_as_it_is(run_id) is not None
        except MissingVariable as missing:
            now, status = self._parts.clock.now(), RunStatus.WAITING_FOR_HUMAN
            self._parts.log.set_status(run_id, status, now, reason=str(missing), code=WAITING_CODE)
            return True

    def _noted(self, parked: Parked) -> Came:
        if parked.awaited in {Awaited.HUMAN, Awaited.PAYMENT}:
            self._driver.leave(parked)
        return Came.PARKED

    def _unanswered(self, parked: Parked) -> Cause | None:
        """Nobody answered in time: a fresh offer is made only when a human asks for one.

        Returns what was said after all, while this leg was waited for: it has just been noted over.
        """
        self._driver.leave(parked)
        self._parts.log.looked(parked.run_id, parked.seen, parked.until + NEVER)
        return self._watcher.heard(parked)
