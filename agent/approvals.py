"""Where every channel's answer meets: terminal, another terminal, web, Slack, Telegram, the graph's API.

A yes or a no spends nothing: whoever drives the run, the batch or the schedule acts on what the spend log says.
"""

from agent.parts import Parts
from agent.questions import Question, question_of
from policies.money import Cents
from tools.spend_log.batch_rows import Grant
from tools.spend_log.port import NotRecorded, Recorded
from tools.spend_log.rows import Decision
from tools.spend_log.schedule_rows import StandingGrant


def answer(
    parts: Parts, run_id: str, decision: Decision, *, code: str, amount: Cents, by: str
) -> Recorded | NotRecorded:
    """Record a human's yes or no to the offer of a run.

    Args:
        code: as printed by `show`; matched, with the amount, against the one question that stands.
        by: who, and through which channel.
    """
    return parts.log.decide(run_id, code.strip().upper(), amount, decision, by, parts.clock.now())


def answer_any(
    parts: Parts, subject: str, decision: Decision, *, code: str, amount: Cents, by: str
) -> Question | NotRecorded:
    """The same for a run, a batch or a schedule, by its id; returns the question with its answer."""
    now, typed = parts.clock.now(), code.strip().upper()
    if parts.log.run(subject) is not None:
        said = answer(parts, subject, decision, code=code, amount=amount, by=by)
        return said if isinstance(said, NotRecorded) else Question.of(said.approval)
    asked = question_of(parts.log, subject, now)
    if asked is None:
        return NotRecorded(f"nothing is asked about {subject} now")
    answered: Grant | StandingGrant | str
    if isinstance(asked.asked, StandingGrant):
        answered = parts.log.decide_standing_grant(asked.question_id, typed, amount, decision, by, now)
    else:
        answered = parts.log.decide_grant(asked.question_id, typed, amount, decision, by, now)
    return NotRecorded(answered) if isinstance(answered, str) else Question.of(answered)
