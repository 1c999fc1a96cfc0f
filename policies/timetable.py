"""When a schedule is due: five cron fields on the clock of a time zone, whatever that clock does in spring and autumn.

The times are those of `croniter`, which DBOS asks too. A night whose hour is skipped in spring comes at the first
moment after it; one whose hour comes twice in autumn is due the first time only, unless it is due in every hour.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterError, croniter

EVERY = "*"

_WINDOWS = (timedelta(hours=1), timedelta(days=1), timedelta(days=31), timedelta(days=366), timedelta(days=9 * 366))
"""How far to look back, until something is found: few steps for what is due every minute, or on a leap day."""

_FIELD = re.compile(r"(?:[\d*/,-]|\b[A-Za-z]{3}\b)+")
"""No `H` and `R` of croniter, which mean another time on each machine, and no words for whole expressions."""


class BadTimetable(ValueError):
    """The text says no times; the message names what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """Times, as they were asked for.

    Attributes:
        cron: minute, hour, day of the month, month, day of the week.
        timezone: IANA name.
    """

    cron: str
    timezone: str

    @classmethod
    def read(cls, cron: str, timezone: str) -> "Timetable":
        """Check both.

        Raises:
            BadTimetable: they are not five fields, a zone that is known here, or ever due.
        """
        fields = cron.split()
        if len(fields) != 5:
            raise BadTimetable(
                f"{cron!r} has {len(fields)} fields, not five: minute hour day-of-month month day-of-week,"
                ' as in "0 2 * * *" for two in the morning'
            )
        _zone(timezone)
        strange = [field for field in fields if not _FIELD.fullmatch(field)]
        if strange:
            raise BadTimetable(f"{cron!r}: {strange[0]!r} is no cron field")
        timetable = cls(" ".join(fields), timezone)
        try:
            next(timetable.after(datetime(2000, 1, 1, tzinfo=UTC)))
        except CroniterError as error:
            raise BadTimetable(f"{cron!r}: {error}") from error
        return timetable

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Every time it is due after a moment, UTC, without end."""
        times = croniter(self.cron, moment.astimezone(self._zone), ret_type=datetime)
        for due in times:
            if self._counts(due):
                yield due.astimezone(UTC)

    def is_due(self, moment: datetime) -> bool:
        """Whether this very moment is one of its times."""
        return next(self.after(moment - timedelta(seconds=1))) == moment

    def last_due(self, after: datetime, until: datetime) -> datetime | None:
        """The latest time in (after, until]; None without one."""
        for window in _WINDOWS:
            times = takewhile(lambda due: due <= until, self.after(max(after, until - window)))
            latest = deque(times, maxlen=1)
            if latest:
                return latest[0]
        return None

    def night(self, due: datetime) -> str:
        """The name of one of its times: that of the clock on the wall, which no other of its times has."""
        local = due.astimezone(self._zone)
        return local.strftime("%Y-%m-%dT%H:%M") + (local.strftime("%z") if self._is_hourly else "")

    def _counts(self, due: datetime) -> bool:
        return self._is_hourly or due.fold == 0

    @property
    def _is_hourly(self) -> bool:
        return self.cron.split()[1] == EVERY

    @property
    def _zone(self) -> ZoneInfo:
        return _zone(self.timezone)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadTimetable(f"{name!r} is no time zone; write one as in Europe/Berlin, or UTC") from error
