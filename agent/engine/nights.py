"""The schedules of a worker: those that ring are kept up to date, nights are seen to, and their runs begun in turn."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import structlog

from agent.engine.asked import Asked
from agent.engine.crew import Crew
from agent.engine.leg import Leg, LegQueue
from agent.engine.timed import Timed, timed
from agent.parts import LEASE_SECONDS, Parts
from agent.schedule.night import Nights
from agent.schedule.turns import next_in_turn
from policies.timetable import BadTimetable
from tools.errors import SwineherdError
from tools.ports import Packer
from tools.spend_log.rows import RunStatus
from tools.spend_log.schedule_rows import Came, Night, Schedule

ROUND_SECONDS = 5.0
"""Between two looks whether a schedule is new, gone, or was not rung for."""

TURN_SECONDS = 1.0

MOST_TRIES = 5
"""So often a run of a night is begun in vain."""

FAILED_CODE = 5

Keep = Callable[[frozenset[Timed]], Awaitable[None]]
"""Lets these schedules ring, and no others."""

_log = structlog.get_logger()


class NightWatch:
    """Sees to the schedules of this worker's home."""

    def __init__(self, parts: Parts, packer: Packer, crew: Crew) -> None:
        self._parts = parts
        self._crew = crew
        self._nights = Nights(parts, packer)
        self._asked = Asked(parts.clock)
        self._kept: frozenset[Timed] | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def ring(self, schedule_id: str, due: datetime) -> str:
        """A schedule is due. Returns what came of it, in a word; "" for nothing, or where it is being seen to."""
        if schedule_id in self._under_way:
            return ""
        came: list[Night] = []
        await self._begin(schedule_id, partial(self._rung, schedule_id, due, came))
        return came[0].came if came else ""

    async def round(self, keep: Keep) -> None:
        """Tell the clock of new schedules and of those that are gone; see to nights that nobody rang for.

        Raises:
            SwineherdError: the next round tries again.
        """
        schedules = [one for one in self._parts.log.schedules() if one.home == self._parts.home_id]
        wanted = timed(schedules)
        if wanted != self._kept and await self._rings(keep, wanted):
            self._kept = wanted
        for schedule in schedules:
            if self._crew.mine(schedule.schedule_id) and schedule.schedule_id not in self._under_way:
                self._begin(schedule.schedule_id, partial(self._catch_up, schedule))

    async def _rings(self, keep: Keep, wanted: frozenset[Timed]) -> bool:
        """Whether DBOS knows of them now; if not, nights are seen to all the same, a little late."""
        try:
            await keep(wanted)
        except Exception:  # noqa: BLE001 - DBOS's own, of a busy queue say: the runs must not end over it
            _log.exception("the queue does not ring yet")
            return False
        return True

    async def turns(self, queue: LegQueue) -> None:
        """Begin runs of nights whose turn it is. One worker of the home does: another would not know whom it asked.

        Raises:
            StoreUnusable: the next look tries again.
        """
        if not self._crew.mine(""):
            return
        self._asked.forget_old()
        nights = self._parts.log.open_nights(self._parts.home_id)
        for run_id in next_in_turn(self._parts, nights, self._asked.lately, self._asked.times):
            if self._asked.times(run_id) >= MOST_TRIES:
                self._give_up(run_id)
            else:
                self._asked.note(run_id)
                await queue.ask(Leg(run_id))

    async def close(self) -> None:
        """Leave what is being seen to: what is not written down is seen to by the next worker."""
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _begin(self, schedule_id: str, see: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """One look at a schedule at a time, and each apart: a folder that hangs stops no other schedule."""
        task = self._under_way[schedule_id] = asyncio.create_task(self._apart(schedule_id, see))
        task.add_done_callback(lambda _: self._under_way.pop(schedule_id, None))
        return task

    async def _apart(self, schedule_id: str, see: Callable[[], Awaitable[None]]) -> None:
        try:
            await see()
        except (SwineherdError, BadTimetable) as error:
            _log.warning("a schedule is seen to again", schedule=schedule_id, why=str(error))
        except Exception:  # noqa: BLE001 - the outermost edge of a schedule: the others, and the runs, go on
            _log.exception("a defect of ours", schedule=schedule_id)

    async def _rung(self, schedule_id: str, due: datetime, came: list[Night]) -> None:
        night = await self._nights.ring(schedule_id, due)
        if night is not None:
            _say(night)
            came.append(night)

    async def _catch_up(self, schedule: Schedule) -> None:
        for night in await self._nights.catch_up(schedule):
            _say(night)

    def _give_up(self, run_id: str) -> None:
        """What nobody could begin, its files are gone say, must not keep its schedule from the next night."""
        parts, now = self._parts, self._parts.clock.now()
        if parts.log.lease(run_id) is not None:
            return  # a leg of this very process may be about to begin it
        if parts.log.take_lease(run_id, parts.holder, now, LEASE_SECONDS, parts.alive) is None:
            return
        run = parts.run(run_id)
        if run.ended_at is None and run.started_at is None and not parts.money_at_work(run_id):
            reason = f"it could not be begun, {MOST_TRIES} times: the worker's log says why"
            parts.log.set_status(run_id, RunStatus.FAILED, now, reason=reason, code=FAILED_CODE)
        parts.log.release_lease(run_id, parts.holder)


def _say(night: Night) -> None:
    tell = _log.info if night.came is Came.BEGUN else _log.warning
    tell("night", schedule=night.schedule_id, night=night.night, came=night.came, batch=night.batch_id, why=night.why)
