"""The first page as plain values, and as the parts of it that change while it is open."""

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.chat.cards import lines_of
from agent.chat.doing import doing_of
from agent.chat.had import offer_of
from agent.chat.web.live import Shown, Whole
from agent.chat.web.pages.acts import act_words
from agent.chat.web.pages.spoken import Spoken
from agent.chat.web.pages.standing import Offered, Standing, standing_of
from agent.chat.web.svg import Bar, bar_of
from agent.chat.web.templates import text
from agent.frozen import Causes, why_frozen
from agent.parts import Parts
from agent.policy_file import PolicyFile
from agent.questions import Question, question_of, questions_ahead
from agent.result import timestamp
from policies.money import Cents
from tools.spend_log.rows import ENDED, Event, Run, Totals

MOST_RUNS = 50
MOST_LOOKED_AT = 200
"""Unfinished runs that may have a card here, the newest: whoever has ten thousand has a terminal too."""
MOST_CARDS = 10
MOST_LATELY = 15
LOOKED_BACK = 300
"""Events, for what humans did lately."""


@dataclass(frozen=True, slots=True)
class Row:
    """A run in the list."""

    run: Run
    doing: str
    gpu: str
    totals: Totals


@dataclass(frozen=True, slots=True)
class Ahead:
    """A question about a batch or a schedule, in lines."""

    question: Question
    path: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a cap is used.

    Attributes:
        held: part of `used` that is not final.
    """

    name: str
    used: Cents
    held: Cents
    cap: Cents

    @property
    def bar(self) -> Bar:
        """As a picture."""
        return bar_of(self.used - self.held, self.held, self.cap)


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did lately."""

    at: str
    by: str
    words: str
    run_id: str


@dataclass(frozen=True, slots=True)
class HomeView:
    """All that the page shows.

    Attributes:
        more_waiting: runs that wait too, and have no card here.
    """

    standings: tuple[Standing, ...]
    asked: tuple[Ahead, ...]
    more_waiting: int
    rows: tuple[Row, ...]
    used: tuple[Used, ...]
    frozen: Causes | None
    lately: tuple[Act, ...]
    jobs: Path
    changed: PolicyFile | None
    """The policy, where it has changed since this server read it."""


def home_view(parts: Parts, jobs: Path, now: datetime) -> HomeView:
    """As it stands now."""
    unfinished = parts.log.runs(unfinished=True, limit=MOST_LOOKED_AT)
    standings = [one for run in unfinished if (one := standing_of(parts, run, now)) is not None]
    waiting = [one for one in standings if one.waits]
    return HomeView(
        standings=tuple(waiting[:MOST_CARDS]),
        asked=tuple(_asked(parts, now)),
        more_waiting=len(waiting[MOST_CARDS:]),
        rows=tuple(row_of(parts, run) for run in parts.log.runs(limit=MOST_RUNS)),
        used=_used(parts, now),
        frozen=why_frozen(parts.log),
        lately=tuple(lately(parts.log.events(limit=LOOKED_BACK))),
        jobs=jobs,
        changed=parts.policy_file if parts.policy_file.changed() else None,
    )


def shown(view: HomeView, talk: Spoken) -> Shown:
    """The parts of the page; nobody's session is in them."""
    heads = [one.shown.ledger_head for one in view.standings if isinstance(one, Offered)]
    parts = [
        Whole.of("policy", text("policy_changed.html", changed=view.changed)),
        Whole.of("waiting", text("home_waiting.html", view=view), but_for=heads[0][:16] if heads else ""),
        Whole.of("talk", text("talk.html", talk=talk)),
        Whole.of("runs", text("home_runs.html", view=view)),
        Whole.of("money", text("home_money.html", view=view)),
        Whole.of("lately", text("home_lately.html", view=view)),
    ]
    ends = [one.until for one in view.standings if one.until] + [one.question.expires_at for one in view.asked]
    return Shown(parts, min(ends, default=None))


@dataclass(frozen=True, slots=True)
class HomeSubject:
    """The first page, for one who watches it: what is said with others is not on theirs."""

    parts: Parts
    jobs: Path
    user: str
    talk: Spoken

    @property
    def name(self) -> str:
        """As no other page's."""
        return f"home of {self.user}"

    def marks(self) -> Hashable:
        """Of the policy, and of what was said."""
        return self.parts.policy_file.mark(), self.talk.version

    def show(self) -> Shown:
        """As it stands now."""
        return shown(home_view(self.parts, self.jobs, self.parts.clock.now()), self.talk)


def lately(events: Sequence[Event]) -> list[Act]:
    """What humans did, and how runs ended; the latest first."""
    acts = [act for event in reversed(events) if (act := _act(event)) is not None]
    return acts[:MOST_LATELY]


def _asked(parts: Parts, now: datetime) -> list[Ahead]:
    return [_in_lines(parts, one) for one in questions_ahead(parts.log, now)]


def asked_about(parts: Parts, subject: str) -> Ahead | None:
    """What is asked about a batch or a schedule now."""
    question = question_of(parts.log, subject, parts.clock.now())
    return None if question is None else _in_lines(parts, question)


def _in_lines(parts: Parts, question: Question) -> Ahead:
    return Ahead(question, page_of(parts, question.subject), tuple(lines_of(parts, question)))


def page_of(parts: Parts, subject: str) -> str:
    """Where a run, a batch or a schedule has its page."""
    if parts.log.run(subject) is not None:
        return f"/runs/{subject}"
    return f"/batches/{subject}" if parts.log.batch(subject) is not None else f"/schedules/{subject}"


def row_of(parts: Parts, run: Run) -> Row:
    """A run as lists show it."""
    offer = offer_of(parts.log, run)
    return Row(run, doing_of(run), offer.gpu_name if offer else "", parts.log.totals(run.run_id))


def _used(parts: Parts, now: datetime) -> tuple[Used, ...]:
    usage, totals, budget = parts.log.usage("", now), parts.log.totals(), parts.policy.budget
    held = Cents(totals.held + totals.in_doubt)
    return (
        Used("today", usage.day, min(held, usage.day), budget.per_day),
        Used("this month", usage.month, min(held, usage.month), budget.per_month),
    )


def _act(event: Event) -> Act | None:
    body = json.loads(event.body)
    words = act_words(event.kind, body) or _what_came(event.kind, body)
    if words is None:
        return None
    about = event.run_id or str(body.get("grant", ""))
    return Act(timestamp(event.at) or "", str(body.get("by", "")), words, about)


def _what_came(kind: str, body: Mapping[str, Any]) -> str | None:
    """Of what nobody did by name: money that froze or thawed, a run that ended."""
    match kind:
        case "frozen":
            return f"spending froze: {body['reason']}"
        case "unfrozen":
            return "spending is allowed again"
        case "status" if body["status"] in ENDED:
            return str(body["status"]).replace("_", " ")
        case _:
            return None
