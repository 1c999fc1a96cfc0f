"""The schedules of a worker: those that ring are kept up to date, nights are seen to, and their runs begun in turn."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from agent.engine.asked import Asked
from agent.engine.crew import Crew
from agent.engine.leg import Leg, LegQueue
from agent.engine.timed import Timed, timed
from agent.parts import Parts
from agent.schedule.night import Nights
from agent.schedule.turns import next_in_turn
from tools.ports import Packer
from tools.spend_log.schedule_rows import Came, Night

ROUND_SECONDS = 5.0
"""Between two looks whether a schedule is new, gone, or was not rung for."""

TURN_SECONDS = 1.0

Keep = Callable[[frozenset[Timed]], Awaitable[None]]
"""Lets these schedules ring, and no others."""

_log = structlog.get_logger()


class NightWatch:
    """Sees to the schedules of this worker's store."""

    def __init__(self, parts: Parts, packer: Packer, crew: Crew) -> None:
        self._parts = parts
        self._crew = crew
        self._nights = Nights(parts, packer)
        self._asked = Asked(parts.clock)
        self._kept: frozenset[Timed] | None = None

    async def ring(self, schedule_id: str, due: datetime) -> str:
        """A schedule is due. Returns what came of it, in a word; "" for nothing."""
        night = await self._nights.ring(schedule_id, due)
        return "" if night is None else _said(night)

    async def round(self, keep: Keep) -> None:
        """Tell the clock of new schedules and of those that are gone; see to nights that nobody rang for.

        Raises:
            SwineherdError: the next round tries again.
        """
        schedules = [one for one in self._parts.log.schedules() if one.home == self._parts.home_id]
        wanted = timed(schedules)
        if wanted != self._kept:
            await keep(wanted)
            self._kept = wanted
        for schedule in schedules:
            if self._crew.mine(schedule.schedule_id):
                night = await self._nights.catch_up(schedule)
                if night is not None:
                    _said(night)

    async def turns(self, queue: LegQueue) -> None:
        """Begin runs of nights whose turn it is.

        Raises:
            StoreUnusable: the next look tries again.
        """
        self._asked.forget_old()
        for batch in self._parts.log.open_nights(self._parts.home_id):
            if self._crew.mine(batch.batch_id):
                for run_id in next_in_turn(self._parts, batch, self._asked.lately):
                    self._asked.note(run_id)
                    await queue.ask(Leg(run_id))


def _said(night: Night) -> str:
    tell = _log.info if night.came is Came.BEGUN else _log.warning
    tell("night", schedule=night.schedule_id, night=night.night, came=night.came, batch=night.batch_id, why=night.why)
    return night.came
