"""Where every channel's answer meets: terminal, another terminal, web, Slack, Telegram, a client of the graph.

None of them spends: whoever drives the run, the batch or the schedule acts on what was recorded. `code` is as printed
by `show`, matched, with the amount, against the one question that stands; `by` says who, and through which channel.
"""

from datetime import datetime, timedelta

from agent.parts import Parts
from agent.questions import Question, question_of
from policies.money import Cents
from policies.wish import Wish, out_of_the_question
from tools.spend_log.answer_rows import NewRunGrant
from tools.spend_log.batch_rows import Grant
from tools.spend_log.port import NotRecorded, Recorded, SpendLog
from tools.spend_log.rows import Approval, Decision
from tools.spend_log.schedule_rows import StandingGrant

Ahead = Grant | StandingGrant
"""A question about many orders at once."""

RUN_GRANTED_FOR = timedelta(hours=24)
"""So long a grant of one run pays, unless something else is said."""


def answer(
    parts: Parts, run_id: str, decision: Decision, *, code: str, amount: Cents, by: str
) -> Recorded | NotRecorded:
    """Record a human's yes or no to the offer of a run."""
    if decision is Decision.APPROVED and (frozen := _frozen(parts.log)):
        return frozen
    return parts.log.decide(run_id, _typed(code), amount, decision, by, parts.clock.now())


def answer_any(
    parts: Parts, subject: str, decision: Decision, *, code: str, amount: Cents, by: str
) -> Question | NotRecorded:
    """The same for a run, a batch or a schedule, by its id; returns the question with its answer."""
    if parts.log.run(subject) is not None:
        said = answer(parts, subject, decision, code=code, amount=amount, by=by)
        return said if isinstance(said, NotRecorded) else Question.of(said.approval)
    now = parts.clock.now()
    asked = question_of(parts.log, subject, now)
    if asked is None or isinstance(asked.asked, Approval):
        return NotRecorded(f"nothing is asked about {subject} now")
    ahead = answer_ahead(parts.log, asked.asked, decision, code=code, amount=amount, by=by, now=now)
    return ahead if isinstance(ahead, NotRecorded) else Question.of(ahead)


def answer_ahead(
    log: SpendLog, asked: Ahead, decision: Decision, *, code: str, amount: Cents, by: str, now: datetime
) -> Ahead | NotRecorded:
    """Record a human's yes or no to all orders of a batch, or to the nights of a schedule."""
    if decision is Decision.APPROVED and (frozen := _frozen(log)):
        return frozen
    decide = log.decide_grant if isinstance(asked, Grant) else log.decide_standing_grant
    answered = decide(asked.grant_id, _typed(code), amount, decision, by, now)
    return NotRecorded(answered) if isinstance(answered, str) else answered


def instead(parts: Parts, run_id: str, wish: Wish, *, code: str, amount: Cents, by: str) -> Recorded | NotRecorded:
    """Record that a human wants another offer: it is asked about anew, with a code of its own.

    What this policy never allows is refused here, and the question stands; what the market or a cap does not allow is
    found when the offer is made, which then is as before and says why.
    """
    refusal = out_of_the_question(wish, parts.policy)
    if refusal is not None:
        return NotRecorded(refusal)
    return parts.log.instead(run_id, _typed(code), amount, wish, by, parts.clock.now())


def fresh_offer(parts: Parts, run_id: str, question_id: str, *, by: str) -> Recorded | NotRecorded:
    """Record that a human wants a fresh offer in place of one that nobody answered in time.

    It approves nothing: the new offer is asked about, with a code of its own. Whoever drives the run makes it.
    """
    if reason := parts.log.frozen():
        return NotRecorded(f"spending is frozen: {reason}; once it is allowed again an offer can be made")
    return parts.log.renew(run_id, question_id, by, parts.clock.now())


def grant(
    parts: Parts,
    run_id: str,
    *,
    up_to: Cents,
    pods: int,
    code: str,
    amount: Cents,
    by: str,
    lasts: timedelta = RUN_GRANTED_FOR,
) -> Recorded | NotRecorded:
    """Record a human's yes to this offer and to the run's later ones: `up_to` in all, so many pods, for so long."""
    if frozen := _frozen(parts.log):
        return frozen
    now = parts.clock.now()
    new = NewRunGrant(parts.new_id("grant"), up_to, pods, now + lasts)
    return parts.log.grant_run(run_id, _typed(code), amount, new, by, now)


def _frozen(log: SpendLog) -> NotRecorded | None:
    """A yes that is recorded while nothing may be bought would only end its run: the question stands instead."""
    reason = log.frozen()
    return (
        NotRecorded(f"spending is frozen: {reason}; once it is allowed again this can be approved") if reason else None
    )


def _typed(code: str) -> str:
    return code.strip().upper()
