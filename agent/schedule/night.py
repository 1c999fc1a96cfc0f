"""What becomes of each time at which a schedule is due: begun, skipped, missed or failed, and written down, once."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from pathlib import Path

from agent.batch.consent import GRANTED_FOR
from agent.batch.submit import Wanted, Written, discard, discard_unwritten, prepare_batch
from agent.parts import Parts
from agent.schedule.add import read_schedule
from agent.schedule.left import left_to_its_human
from agent.submit import work_of
from agent.threads import on_a_thread
from policies.timetable import Timetable
from tools.ports import Packer
from tools.spend_log.batch_rows import Batch
from tools.spend_log.schedule_rows import Came, CatchUp, NewNight, Night, Schedule

LATE = timedelta(minutes=10)
"""A night is begun so late without having been missed: a worker may be restarted in the middle of the night."""

RINGS_WITHIN = timedelta(seconds=30)
"""So long after a time it is left to whoever rings for it."""

CLOCKS_APART = timedelta(minutes=1)
"""What is rung for so long before its time is believed: another machine's clock may be ahead."""

MOST_MISSED = 100
"""Of the times that nobody rang for, so many are written down, the latest ones."""

MOST_SAID = 1000
"""Letters of why a night began nothing."""

NEXT_NIGHT = "the next night of its schedule"
"""Who cancels what nobody said yes to."""


@dataclass(frozen=True, slots=True)
class Nights:
    """Sees to the nights of schedules in this process."""

    parts: Parts
    packer: Packer

    async def ring(self, schedule_id: str, due: datetime) -> Night | None:
        """A schedule is due, or was when this was written down: see to it.

        Returns what came of that night; None where it is none of the schedule's times, or the schedule rests.

        Raises:
            BadTimetable: its time zone is not known here.
            StoreUnusable: nothing was lost by it; `catch_up` sees to the night again.
        """
        schedule = self.parts.log.schedule(schedule_id)
        if schedule is None or schedule.rests or schedule.home != self.parts.home_id:
            return None
        now, timetable = self.parts.clock.now(), _timetable(schedule)
        if not _counts_from(schedule, now) < due <= now + CLOCKS_APART or not timetable.is_due(due):
            return None
        known = self.parts.log.night(schedule_id, timetable.night(due))
        return known or await self._see_to(schedule, due)

    async def catch_up(self, schedule: Schedule) -> list[Night]:
        """See to the times that nobody rang for.

        Returns what came of them.

        Raises:
            BadTimetable: the schedule's time zone is not known here.
            StoreUnusable: nothing was lost by it.
        """
        if schedule.rests:
            return []
        now, timetable = self.parts.clock.now(), _timetable(schedule)
        # What a clock that was wrong has written for later counts for nothing now.
        seen_to = [night.due_at for night in self.parts.log.nights(schedule.schedule_id, until=now)]
        after = max([_counts_from(schedule, now), *seen_to])
        due = timetable.last_due(after, now - RINGS_WITHIN)
        if due is None:
            return []
        last = await self._see_to(schedule, due)
        why = f"no worker ran; that of {last.night} was {last.came}"
        earlier = deque(takewhile(lambda one: one < due, timetable.after(after)), maxlen=MOST_MISSED)
        return [*(self._nothing(schedule, one, Came.MISSED, why) for one in earlier), last]

    async def _see_to(self, schedule: Schedule, due: datetime) -> Night:
        now = self.parts.clock.now()
        if now - due > LATE:
            if schedule.catch_up is CatchUp.NONE:
                return self._nothing(schedule, due, Came.MISSED, "no worker ran")
            later = _timetable(schedule).last_due(due, now)
            if later is not None:
                return self._nothing(schedule, due, Came.MISSED, f"no worker ran before {later:%Y-%m-%d %H:%M} UTC")
        return await self._begin(schedule, due)

    async def _begin(self, schedule: Schedule, due: datetime) -> Night:
        self._end_what_nobody_answered(schedule)
        other = self.parts.log.night_under_way(schedule.schedule_id)
        if other:
            return self._nothing(schedule, due, Came.SKIPPED, f"the night of {other} was still under way")
        night = _timetable(schedule).night(due)
        try:  # on a thread: folders may be large, and leases are renewed meanwhile
            batch, written, work = await on_a_thread(partial(self._prepared, schedule, night))
        except Exception as error:  # noqa: BLE001 - whatever lies in its folders is that night's failure, no other's
            return self._nothing(schedule, due, Came.FAILED, str(error) or repr(error))
        new = NewNight(
            schedule_id=schedule.schedule_id,
            night=night,
            due_at=due,
            batch=batch,
            jobs=written,
            work=work,
            grant_id=self.parts.new_id("grant"),
            account=self.parts.account,
            base_url=self.parts.base_url,
            granted_until=self.parts.clock.now() + GRANTED_FOR,
        )
        try:
            came = self.parts.log.begin_night(new, self.parts.clock.now())
        except BaseException:
            discard_unwritten(self.parts, batch, written)
            raise
        if came.batch_id != batch.batch_id:
            discard(self.parts, written)
        return came

    def _prepared(self, schedule: Schedule, night: str) -> tuple[Batch, Written, dict[str, str]]:
        """It asks nothing of the spend log. Raises whatever reading and packing may meet with."""
        jobs = read_schedule(schedule)
        outputs = Path(schedule.outputs) / night.replace(":", "") if schedule.outputs else None
        wanted = Wanted(schedule.name, schedule.budget, schedule.max_parallel, schedule.ceiling, outputs)
        batch, written = prepare_batch(self.parts, self.packer, jobs, wanted)
        work = {run.run_id: work_of(read) for read, (run, _) in zip(jobs, written, strict=True)}
        return batch, written, work

    def _end_what_nobody_answered(self, schedule: Schedule) -> None:
        """Offers of earlier nights whose time is over must not keep a schedule from its next night for ever."""
        now = self.parts.clock.now()
        for batch in self.parts.log.open_nights(schedule.home, schedule.schedule_id):
            for run in self.parts.log.unended(batch.batch_id):
                if left_to_its_human(self.parts, run):
                    self.parts.log.request_cancel(run.run_id, now, NEXT_NIGHT)

    def _nothing(self, schedule: Schedule, due: datetime, came: Came, why: str) -> Night:
        said = why[:MOST_SAID].encode(errors="backslashreplace").decode()  # file names need not be UTF-8
        name, now = _timetable(schedule).night(due), self.parts.clock.now()
        return self.parts.log.record_night(Night(schedule.schedule_id, name, due, now, came, said, ""))


def _counts_from(schedule: Schedule, now: datetime) -> datetime:
    """What a clock that was ahead said of it is not waited for."""
    return schedule.counts_from if schedule.counts_from <= now else now - LATE


def _timetable(schedule: Schedule) -> Timetable:
    return Timetable(schedule.cron, schedule.timezone)
