"""The part of the spend log's port that knows schedules, their nights, and the grants that stand for them."""

from datetime import datetime
from typing import Protocol

from policies.money import Cents
from tools.spend_log.batch_rows import Batch
from tools.spend_log.rows import Decision, Run
from tools.spend_log.schedule_rows import NewNight, NewStandingGrant, Night, Schedule, StandingGrant


class ScheduleLog(Protocol):
    """Jobs that are submitted again and again, each time once."""

    def add_schedule(self, schedule: Schedule) -> None: ...
    def schedule(self, schedule_id: str) -> Schedule | None:
        """Whether removed or not."""
        ...

    def schedules(self) -> list[Schedule]:
        """Oldest first; those that were removed are none."""
        ...

    def pause_schedule(self, schedule_id: str, now: datetime) -> Schedule:
        """Begin no night until it goes on."""
        ...

    def go_on_with_schedule(self, schedule_id: str, now: datetime) -> Schedule:
        """After a pause; no night within it counts as missed."""
        ...

    def remove_schedule(self, schedule_id: str, now: datetime) -> Schedule:
        """For good, and what stood granted for it is taken back. A night that is under way goes on."""
        ...

    def nights(self, schedule_id: str, limit: int = 1, until: datetime | None = None) -> list[Night]:
        """The latest first; of those that were due until a moment, where one is given."""
        ...

    def night(self, schedule_id: str, name: str) -> Night | None: ...
    def night_under_way(self, schedule_id: str) -> str:
        """The name of a night that has not ended, or "".

        One whose runs are to be cancelled, and have bought nothing, has: they will buy nothing.
        """
        ...

    def record_night(self, night: Night) -> Night:
        """What came of a night that begins nothing. Returns that, or what came of it already."""
        ...

    def begin_night(self, new: NewNight, now: datetime) -> Night:
        """The batch of a night with its runs, its grant where one stands, and what came of it: all or nothing.

        Returns what came of it: begun, skipped (another night is under way, or the schedule rests), or whatever came
        of it already.
        """
        ...

    def open_nights(self, home: str, schedule_id: str = "") -> list[Batch]:
        """The batches of nights that have not ended, oldest first; of one schedule of a home, or of all."""
        ...

    def unended(self, batch_id: str) -> list[Run]:
        """The runs of a batch that have not ended, in the order of its jobs."""
        ...

    # grants that stand for a schedule: `begin_night` gives the batch one of its own from it (law 4)
    def ask_standing_grant(self, new: NewStandingGrant, now: datetime) -> StandingGrant:
        """Ask for a yes to many nights; an older question that nobody answered is over."""
        ...

    def decide_standing_grant(
        self, grant_id: str, code: str, total: Cents, decision: Decision, by: str, now: datetime
    ) -> StandingGrant | str:
        """Record an answer; why nothing was decided is told in words.

        The last yes holds: two do not add up. A night that is under way keeps what it got of an earlier one.

        Args:
            total: what all nights together may cost, which is what is said yes to.
        """
        ...

    def revoke_standing_grant(self, grant_id: str, by: str, now: datetime) -> StandingGrant:
        """Take a grant back, and what it gave to nights: it pays for nothing more."""
        ...

    def standing_grant(self, grant_id: str) -> StandingGrant | None: ...
    def standing_grants(self, schedule_id: str | None = None) -> list[StandingGrant]:
        """Oldest first."""
        ...

    def grants_of_nights(self, grant_id: str) -> list[str]:
        """The grants that a standing grant gave to nights, oldest first."""
        ...
