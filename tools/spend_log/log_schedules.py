"""The part of the spend log that knows schedules, their nights, and the grants that stand for them."""

from datetime import datetime

from policies.money import Cents
from tools.spend_log import schedules, standing_grants
from tools.spend_log.batch_rows import Batch
from tools.spend_log.log_file import LogFile
from tools.spend_log.rows import Decision, Run
from tools.spend_log.schedule_rows import NewNight, NewStandingGrant, Night, Schedule, StandingGrant


class SchedulesLog(LogFile):
    """See `tools.spend_log.port_schedules.ScheduleLog`."""

    def add_schedule(self, schedule: Schedule) -> None:
        with self._write() as db:
            schedules.add(db, schedule)

    def schedule(self, schedule_id: str) -> Schedule | None:
        with self._read() as db:
            return schedules.find(db, schedule_id)

    def schedules(self) -> list[Schedule]:
        with self._read() as db:
            return schedules.listed(db)

    def pause_schedule(self, schedule_id: str, now: datetime) -> Schedule:
        with self._write() as db:
            return schedules.pause(db, schedule_id, now)

    def go_on_with_schedule(self, schedule_id: str, now: datetime) -> Schedule:
        with self._write() as db:
            return schedules.go_on(db, schedule_id, now)

    def remove_schedule(self, schedule_id: str, now: datetime) -> Schedule:
        with self._write() as db:
            return schedules.remove(db, schedule_id, now)

    def nights(self, schedule_id: str, limit: int = 1, until: datetime | None = None) -> list[Night]:
        with self._read() as db:
            return schedules.nights(db, schedule_id, limit, until)

    def night(self, schedule_id: str, name: str) -> Night | None:
        with self._read() as db:
            return schedules.night(db, schedule_id, name)

    def night_under_way(self, schedule_id: str) -> str:
        with self._read() as db:
            return schedules.under_way(db, schedule_id)

    def record_night(self, night: Night) -> Night:
        with self._write() as db:
            return schedules.record(db, night)

    def begin_night(self, new: NewNight, now: datetime) -> Night:
        with self._write() as db:
            return schedules.begin(db, new, now)

    def open_nights(self, home: str, schedule_id: str = "") -> list[Batch]:
        with self._read() as db:
            return schedules.open_batches(db, home, schedule_id)

    def unended(self, batch_id: str) -> list[Run]:
        with self._read() as db:
            return schedules.unended(db, batch_id)

    def ask_standing_grant(self, new: NewStandingGrant, now: datetime) -> StandingGrant:
        with self._write() as db:
            return standing_grants.ask(db, new, now)

    def decide_standing_grant(
        self, grant_id: str, code: str, total: Cents, decision: Decision, by: str, now: datetime
    ) -> StandingGrant | str:
        with self._write() as db:
            refusal = standing_grants.decide(db, grant_id, code, total, decision, by, now)
            return refusal or standing_grants.need(db, grant_id)

    def revoke_standing_grant(self, grant_id: str, by: str, now: datetime) -> StandingGrant:
        with self._write() as db:
            return standing_grants.revoke(db, grant_id, by, now)

    def standing_grant(self, grant_id: str) -> StandingGrant | None:
        with self._read() as db:
            return standing_grants.find(db, grant_id)

    def standing_grants(self, schedule_id: str | None = None) -> list[StandingGrant]:
        with self._read() as db:
            return standing_grants.listed(db, schedule_id)

    def grants_of_nights(self, grant_id: str) -> list[str]:
        with self._read() as db:
            return standing_grants.drawn(db, grant_id)
