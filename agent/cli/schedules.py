"""schedule add, list, pause, resume and remove; and what `show` says of a schedule."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tzlocal import get_localzone_name

from agent.assemble_parts import open_parts
from agent.cli import output
from agent.cli.amounts import dollars
from agent.cli.places import settings_or_fail, stores
from agent.cli.schedule_question import question_shown
from agent.cli.schedule_store import need, stored
from agent.cli.terminal import TerminalFace
from agent.parts import Parts
from agent.questions import schedule_question
from agent.result import timestamp
from agent.schedule.add import Wanted, add_schedule, missing_here
from agent.schedule.consent import expect_night, needs_a_yes
from agent.schedule.report import SHOWN_NIGHTS, next_times, schedule_result
from agent.submit import ReadJob
from policies.money import usd
from policies.text import counted
from policies.timetable import BadTimetable
from tools.errors import SwineherdError
from tools.spend_log.port import SpendLog
from tools.spend_log.schedule_rows import CatchUp, Schedule
from tools.spend_log.standing import lives


@dataclass(frozen=True, slots=True)
class New:
    """What the command line says of a new schedule."""

    cron: str
    timezone: str | None
    sources: tuple[Path, ...]
    budget_usd: str | None
    max_usd: str | None
    max_parallel: int
    outputs: Path | None
    ignore: frozenset[str]
    catch_up: str
    sandbox: bool
    as_json: bool


def add(new: New) -> None:
    """Write a schedule down, and say when it runs and what it would ask."""
    with output.clear_errors():
        asyncio.run(_add(new, _wanted(new)))


def _wanted(new: New) -> Wanted:
    if new.catch_up not in set(CatchUp):
        output.fail(f"--catch-up takes none or last, not {new.catch_up!r}", output.USAGE)
    return Wanted(
        cron=new.cron,
        timezone=new.timezone or get_localzone_name() or "UTC",
        sources=new.sources,
        ignored=new.ignore,
        budget=dollars("--budget-usd", new.budget_usd),
        ceiling=dollars("--max-usd", new.max_usd),
        max_parallel=new.max_parallel,
        outputs=new.outputs,
        catch_up=CatchUp(new.catch_up),
    )


async def _add(new: New, wanted: Wanted) -> None:
    settings = settings_or_fail()
    async with open_parts(settings, sandbox=new.sandbox, face=TerminalFace(sys.stderr)) as parts:
        try:
            schedule, jobs = add_schedule(parts, wanted)
        except BadTimetable as error:
            output.fail(str(error), output.USAGE)
        for warning in dict.fromkeys(warning for job in jobs for warning in job.warnings):
            output.aside(f"warning: {warning}")
        for name in missing_here(parts, jobs):
            output.aside(f"warning: {name} is not set here; the worker needs it, or the night is not begun")
        if new.as_json:
            output.document(schedule_result(parts.log, schedule, parts.clock.now()))
            return
        output.line(f"schedule {schedule.schedule_id}: {counted(len(jobs), 'job')} a night")
        _say_next(schedule)
        await _say_cost(parts, schedule, jobs)
        _say_worker(parts, sandbox=new.sandbox)


async def _say_cost(parts: Parts, schedule: Schedule, jobs: Sequence[ReadJob]) -> None:
    """The schedule stands, whether the provider answers now or not."""
    try:
        expected = await expect_night(parts, schedule, jobs)
    except SwineherdError as error:
        output.aside(f"warning: what a night would cost is not known: {error}")
        return
    output.line(f"  cost    about ${usd(expected.total)} a night, as the market is now")
    if expected.unfitting:
        output.line(f"  {expected.unfitting} of the jobs fit no GPU on offer now; `swineherd quote` says why")
    if needs_a_yes(parts, expected):
        output.line(f"  its orders ask a human each night, unless: swineherd schedule grant {schedule.schedule_id}")


def _say_next(schedule: Schedule) -> None:
    zone = ZoneInfo(schedule.timezone)
    times = [f"{due.astimezone(zone):%a %Y-%m-%d %H:%M}" for due in next_times(schedule, datetime.now(UTC))]
    output.line(f"  next    {', '.join(times) or 'never: it rests'} ({schedule.timezone})")


def _say_worker(parts: Parts, *, sandbox: bool) -> None:
    """A schedule that nobody runs is the surprise of the next morning."""
    at_home = [worker for worker in parts.log.workers() if worker.home == parts.home_id]
    if not any(lives(worker, parts.holder, parts.clock.now(), parts.alive) for worker in at_home):
        serve = f"`swineherd serve{' --sandbox' if sandbox else ''}`"
        output.line(f"  no worker runs now: start {serve}, and keep it running")


def list_schedules(*, as_json: bool) -> None:
    """Every schedule of both stores."""
    with output.clear_errors():
        listed: list[dict[str, object]] = []
        for store in stores(settings_or_fail()):
            with closing(store.open()) as log:
                now = datetime.now(UTC)
                listed += [schedule_result(log, one, now) | {"sandbox": store.is_sandbox} for one in log.schedules()]
        if as_json:
            output.document({"schedules": listed})
            return
        if not listed:
            output.line('no schedule; `swineherd schedule add "0 2 * * *" JOB` makes one')
            return
        output.table(("SCHEDULE", "CRON", "ZONE", "NEXT", "LAST NIGHT", "GRANTED"), [_row(one) for one in listed])


def _row(listed: dict[str, object]) -> list[str]:
    times = listed["next"] if isinstance(listed["next"], list) else []
    zone = ZoneInfo(str(listed["timezone"])) if times else UTC
    shown = [f"{datetime.fromisoformat(due).astimezone(zone):%a %d %b %H:%M}" for due in times]
    mark = " (sandbox)" if listed["sandbox"] else ""
    return [
        f"{listed['schedule_id']}{mark}",
        str(listed["cron"]),
        str(listed["timezone"]),
        ", ".join(shown) or str(listed["state"]),
        _last(listed["nights"]),
        _granted(listed["grant"]),
    ]


def _last(nights: object) -> str:
    for night in nights if isinstance(nights, list) else ():
        return f"{night['night']} {night['came']}: {_what(night)}"
    return "-"


def _what(night: dict[str, str | None]) -> str:
    """On one line, as a table has it."""
    return (night["batch_id"] or night["why"] or "").replace("\n", "; ")


def _granted(grant: object) -> str:
    if not isinstance(grant, dict):
        return "-"
    return f"${grant['usd_per_night']} a night, {grant['used_nights']} of {grant['nights']} used"


def pause(schedule_id: str) -> None:
    """Begin no night until it goes on."""
    with output.clear_errors(), stored(schedule_id) as log:
        need(log, schedule_id)
        log.pause_schedule(schedule_id, datetime.now(UTC))
        output.line(f"{schedule_id}: paused{_under_way(log, schedule_id)}; `schedule resume` goes on")


def resume(schedule_id: str) -> None:
    """Go on after a pause."""
    with output.clear_errors(), stored(schedule_id) as log:
        need(log, schedule_id)
        schedule = log.go_on_with_schedule(schedule_id, datetime.now(UTC))
        output.line(f"{schedule_id}: active")
        _say_next(schedule)


def remove(schedule_id: str) -> None:
    """Remove it; its history stays."""
    with output.clear_errors(), stored(schedule_id) as log:
        need(log, schedule_id)
        log.remove_schedule(schedule_id, datetime.now(UTC))
        output.line(f"{schedule_id}: removed{_under_way(log, schedule_id)}")


def _under_way(log: SpendLog, schedule_id: str) -> str:
    if not log.night_under_way(schedule_id):
        return ""
    batch_id = next((night.batch_id for night in log.nights(schedule_id, limit=5) if night.batch_id), "")
    return f"; its night {batch_id} goes on (`swineherd cancel {batch_id}` ends it)"


def show_schedule(schedule_id: str, *, as_json: bool) -> None:
    """One schedule with its last nights; the code of its question is printed here and nowhere else."""
    with stored(schedule_id) as log:
        schedule, now = log.schedule(schedule_id), datetime.now(UTC)
        if schedule is None:
            return
        document = schedule_result(log, schedule, now, nights=SHOWN_NIGHTS)
        question = schedule_question(log.standing_grants(schedule_id), now)
    if as_json:
        output.document(document | ({"approval": question_shown(question)} if question else {}))
        return
    for key, value in document.items():
        if key not in {"nights", "grant"}:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            output.line(f"{key:<14}{'-' if shown in (None, '') else shown}")
    output.line(f"{'granted':<14}{_granted(document['grant'])}")
    nights = document["nights"] if isinstance(document["nights"], list) else []
    rows = [[night["night"], night["came"], night["spent_usd"], _what(night)] for night in nights]
    if rows:
        output.table(("NIGHT", "CAME", "SPENT", "BATCH OR WHY"), rows)
    else:
        output.line("no night yet")
    if question is not None:
        answer = f"{schedule_id} --code {question.code} --amount {usd(question.terms.total)}"
        output.line(f"waits for a human until {timestamp(question.expires_at)}:")
        output.line(f"  swineherd approve {answer}")
        output.line(f"  swineherd deny {answer}")
