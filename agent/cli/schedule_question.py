"""The question about many nights of a schedule: asked, shown and answered."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.approvals import answer_ahead
from agent.assemble_parts import open_parts
from agent.cli import output
from agent.cli.amounts import dollars
from agent.cli.answers import VERBS, agreed, given
from agent.cli.places import holds_schedule, settings_or_fail
from agent.cli.schedule_store import need, stored
from agent.cli.terminal import Keyboard, TerminalFace, who
from agent.parts import Parts
from agent.questions import schedule_question
from agent.result import timestamp
from agent.schedule.add import read_schedule
from agent.schedule.card import standing_card
from agent.schedule.consent import Asked, ask, expect_night
from policies.money import usd
from policies.text import counted
from tools.spend_log.port import NotRecorded
from tools.spend_log.rows import Decision
from tools.spend_log.schedule_rows import Schedule, StandingGrant


def grant(schedule_id: str, *, nights: int, until: str | None, usd_per_night: str | None) -> None:
    """Ask for a yes ahead; answered here where there is a terminal."""
    with output.clear_errors():
        with stored(schedule_id) as log:
            schedule = need(log, schedule_id)
        asked = Asked(dollars("--usd-per-night", usd_per_night), nights, _day_end(until, schedule.timezone))
        sys.exit(asyncio.run(_grant(schedule, asked)))


def _day_end(text: str | None, timezone: str) -> datetime | None:
    if text is None:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=ZoneInfo(timezone))
    except ValueError:
        output.fail(f"--until takes a day as in 2026-12-31, not {text!r}", output.USAGE)
    return (day + timedelta(days=1)).astimezone(UTC)


async def _grant(schedule: Schedule, asked: Asked) -> int:
    settings = settings_or_fail()
    sandbox = holds_schedule(settings, schedule.schedule_id)
    async with open_parts(settings, sandbox=sandbox, face=TerminalFace(sys.stderr)) as parts:
        if schedule.home != parts.home_id:
            output.fail(f"the files of {schedule.schedule_id} are in another home: grant it there", output.USAGE)
        jobs = read_schedule(schedule)
        expected = await expect_night(parts, schedule, jobs)
        question = ask(parts, schedule, jobs, expected, asked)
        for line in standing_card(schedule, question):
            output.line(line)
        cost = f"expected to cost ${usd(expected.total)} a night as the market is"
        output.line(f"  now     {counted(len(jobs), 'job')}, {cost}")
        if not Keyboard().is_there:
            shown = f"`swineherd show {schedule.schedule_id}` prints the code"
            output.line(f"waiting for `swineherd approve {schedule.schedule_id}`; {shown}")
            return output.WAITING
        return _decided(parts, schedule, question)


def _decided(parts: Parts, schedule: Schedule, question: StandingGrant) -> int:
    decision = Decision.APPROVED if agreed("Approve") else Decision.DENIED
    now, total, by = parts.clock.now(), question.terms.total, f"terminal:{who()}"
    said = answer_ahead(parts.log, question, decision, code=question.code, amount=total, by=by, now=now)
    if isinstance(said, NotRecorded):
        output.fail(said.reason, output.USAGE)
    output.line(f"{schedule.schedule_id}: {said.decision} ({said.grant_id}; `swineherd grants` lists it)")
    return 0 if decision is Decision.APPROVED else output.DENIED


def question_shown(grant: StandingGrant) -> dict[str, object]:
    """As `show --json` prints it."""
    total = usd(grant.terms.total)
    return {"code": grant.code, "amount_usd": total, "expires_at": timestamp(grant.expires_at)}


def answer_schedule(schedule_id: str, decision: Decision, said: tuple[str | None, str | None]) -> int:
    """Record a human's yes or no to the nights of a schedule."""
    with stored(schedule_id) as log:
        schedule, now = need(log, schedule_id), datetime.now(UTC)
        question = schedule_question(log.standing_grants(schedule_id), now)
        if question is None:
            output.fail(f"{schedule_id} does not wait for an approval; `swineherd schedule grant` asks for one", 2)
        asked = question.code, question.terms.total
        code, total = given(schedule_id, asked, standing_card(schedule, question), VERBS[decision], said)
        by, now = f"terminal:{who()}", datetime.now(UTC)
        answered = answer_ahead(log, question, decision, code=code, amount=total, by=by, now=now)
        if isinstance(answered, NotRecorded):
            output.fail(answered.reason, output.USAGE)
        output.line(f"{schedule_id}: {answered.decision}")
    return 0
