"""Schedules: a list, and a page for each with its nights, its question, and a form that asks for a yes ahead."""

from collections.abc import AsyncGenerator, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

from sse_starlette import ServerSentEvent
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from agent.chat.web.behind import Page, fields
from agent.chat.web.live import Shown, Whole, cursor_of
from agent.chat.web.pages.desk import Desk
from agent.chat.web.pages.home_view import Ahead, asked_about
from agent.chat.web.refused import refuse
from agent.chat.web.sessions import Session
from agent.chat.web.stream import Stream
from agent.chat.web.templates import render, text
from agent.parts import Parts
from agent.schedule.add import read_schedule
from agent.schedule.consent import Asked, ask, expect_night
from agent.schedule.report import SHOWN_NIGHTS, next_times, state
from agent.submit import BadJob
from policies.file_problem import FileError
from policies.money import cents_from_text
from tools.errors import SwineherdError
from tools.spend_log.schedule_rows import Night, Schedule

MOST_NIGHTS = 366


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule as it stands; its times are by the clock of its own time zone."""

    schedule: Schedule
    state: str
    times: tuple[str, ...]
    nights: tuple[Night, ...]
    asked: Ahead | None
    until: datetime | None
    """When it looks otherwise by time alone."""


def schedule_view(parts: Parts, schedule: Schedule) -> ScheduleView:
    """As it stands now."""
    now, zone = parts.clock.now(), ZoneInfo(schedule.timezone)
    times, asked = next_times(schedule, now), asked_about(parts, schedule.schedule_id)
    return ScheduleView(
        schedule=schedule,
        state=state(schedule),
        times=tuple(f"{due.astimezone(zone):%a %Y-%m-%d %H:%M}" for due in times),
        nights=tuple(parts.log.nights(schedule.schedule_id, limit=SHOWN_NIGHTS)),
        asked=asked,
        until=min([*times, *([asked.question.expires_at] if asked else [])], default=None),
    )


def shown(view: ScheduleView) -> Shown:
    """The parts of its page that change; the form between them stays, with what was typed into it."""
    wholes = [
        Whole.of("schedule", text("schedule_state.html", view=view)),
        Whole.of("nights", text("schedule_nights.html", view=view)),
    ]
    return Shown(wholes, view.until)


@dataclass(frozen=True, slots=True)
class ScheduleSubject:
    """A schedule, for those who watch it."""

    parts: Parts
    schedule: Schedule

    @property
    def name(self) -> str:
        """As no other page's."""
        return f"schedule {self.schedule.schedule_id}"

    def marks(self) -> Hashable:
        """It shows no file."""
        return None

    def show(self) -> Shown:
        """As it stands now: paused, say, since the page was loaded."""
        now = self.parts.log.schedule(self.schedule.schedule_id)
        return shown(schedule_view(self.parts, now or self.schedule))


@dataclass(frozen=True, slots=True)
class SchedulePages:
    """What is served below /schedules."""

    desk: Desk

    def all(self) -> list[Page | Stream]:
        """As the router takes them."""
        return [
            Page("/schedules", self._list),
            Page("/schedules/{schedule_id}", self._show),
            Stream("/schedules/{schedule_id}/events", self._events),
            Page("/schedules/{schedule_id}/ask", self._ask, "POST"),
        ]

    async def _list(self, _: Request, session: Session) -> Response:
        views = [schedule_view(self.desk.parts, one) for one in self.desk.parts.log.schedules()]
        return render("schedules.html", session, views=views)

    async def _show(self, request: Request, session: Session) -> Response:
        view = schedule_view(self.desk.parts, self._schedule(request))
        return render("schedule.html", session, view=view, cursor=shown(view).cursor, most_nights=MOST_NIGHTS)

    def _events(self, request: Request, _: Session) -> AsyncGenerator[ServerSentEvent, None]:
        subject = ScheduleSubject(self.desk.parts, self._schedule(request))
        return self.desk.live.watch(subject, cursor_of(request))

    async def _ask(self, request: Request, _: Session) -> Response:
        """Ask as `schedule grant` does; the card that comes of it is answered like any other."""
        schedule, parts = self._schedule(request), self.desk.parts
        if schedule.home != parts.home_id:
            raise refuse(HTTPStatus.CONFLICT, "the files of this schedule are on another machine: grant it there")
        wanted = _wanted(await fields(request), schedule.timezone)
        try:
            jobs = read_schedule(schedule)
            ask(parts, schedule, jobs, await expect_night(parts, schedule, jobs), wanted)
        except FileError as error:
            raise refuse(HTTPStatus.CONFLICT, "; ".join(problem.unquoted() for problem in error.problems)) from error
        except BadJob as error:
            raise refuse(HTTPStatus.CONFLICT, str(error)) from error
        except SwineherdError as error:
            raise refuse(
                HTTPStatus.BAD_GATEWAY, f"the price of a night can't be read: {error}", "Try again."
            ) from error
        return RedirectResponse(f"/schedules/{schedule.schedule_id}", HTTPStatus.SEE_OTHER)

    def _schedule(self, request: Request) -> Schedule:
        name = request.path_params["schedule_id"]
        schedule = self.desk.parts.log.schedule(name)
        if schedule is None or schedule.removed_at is not None:
            raise refuse(HTTPStatus.NOT_FOUND, f"there is no schedule {name[:80]}", "All schedules: /schedules")
        return schedule


def _wanted(form: Mapping[str, str], timezone: str) -> Asked:
    """What the form says. Raises `Refused`."""
    try:
        nights = int(form.get("nights", ""))
        amount = cents_from_text(form["usd"]) if form.get("usd") else None
        until = _day_end(form["until"], timezone) if form.get("until") else None
    except ValueError as error:
        raise refuse(
            HTTPStatus.BAD_REQUEST, "nights, dollars a night as in 8.00, and a day as in 2026-12-31"
        ) from error
    if not 1 <= nights <= MOST_NIGHTS:
        raise refuse(HTTPStatus.BAD_REQUEST, f"from 1 to {MOST_NIGHTS} nights")
    return Asked(amount, nights, until)


def _day_end(typed: str, timezone: str) -> datetime:
    day = datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=ZoneInfo(timezone))
    return (day + timedelta(days=1)).astimezone(UTC)
