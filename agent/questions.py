"""What waits for a human's yes, of every kind; from the spend log alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from policies.money import Cents
from tools.spend_log.batch_rows import Grant
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import ENDED, Approval, Decision
from tools.spend_log.schedule_rows import StandingGrant

Asked = Approval | Grant | StandingGrant


@dataclass(frozen=True, slots=True)
class Question:
    """A question that was asked, and what stands in the spend log about it now.

    Attributes:
        subject: the run, batch or schedule, as `show` and `approve` take it.
        question_id: of this very question; a new offer has another.
        amount: what a yes names.
        code: for human channels only (law 4).
    """

    subject: str
    question_id: str
    amount: Cents
    code: str = field(repr=False)
    expires_at: datetime
    asked: Asked = field(repr=False)

    @classmethod
    def of(cls, asked: Asked) -> "Question":
        """About what is asked there."""
        match asked:
            case Approval(offer=offer):
                return cls(offer.run_id, asked.approval_id, offer.amount, asked.code, asked.expires_at, asked)
            case Grant():
                return cls(asked.batch_id, asked.grant_id, asked.amount, asked.code, asked.expires_at, asked)
            case StandingGrant():
                total = asked.terms.total
                return cls(asked.schedule_id, asked.grant_id, total, asked.code, asked.expires_at, asked)

    @property
    def decision(self) -> Decision | None:
        """None while nobody has answered."""
        return self.asked.decision

    def stands(self, now: datetime) -> bool:
        """Whether it may still be answered, as far as it knows itself."""
        return self.decision is None and now < self.expires_at


def questions(log: SpendLog, now: datetime) -> list[Question]:
    """Every question that may be answered now: about runs, then batches, then schedules."""
    return [*_of_runs(log, now), *questions_ahead(log, now)]


def questions_ahead(log: SpendLog, now: datetime) -> list[Question]:
    """Those about many orders: of batches, then of schedules."""
    return [*_of_batches(log, now), *_of_schedules(log, now)]


def question_of(log: SpendLog, subject: str, now: datetime) -> Question | None:
    """The one that a run, batch or schedule asks now."""
    return next((one for one in questions(log, now) if one.subject == subject), None)


def batch_question(log: SpendLog, batch_id: str, now: datetime) -> Grant | None:
    """The question about a whole batch that may still be answered."""
    return next((grant for grant in log.grants(batch_id) if grant_stands(log, grant, now)), None)


def grant_stands(log: SpendLog, grant: Grant, now: datetime) -> bool:
    """Whether a batch's question may be answered: one that has ended, cancelled say, asks nothing any more."""
    if grant.decision is not None or grant.revoked_at is not None or now >= grant.expires_at:
        return False
    runs = [log.run(job.run_id) for job in log.batch_jobs(grant.batch_id)]
    return any(run is not None and run.status not in ENDED for run in runs)


def schedule_question(grants: Sequence[StandingGrant], now: datetime) -> StandingGrant | None:
    """The question about the nights of a schedule that may still be answered."""
    asked = [grant for grant in grants if grant.decision is None and grant.revoked_at is None]
    return asked[-1] if asked and now < asked[-1].expires_at else None


def _of_runs(log: SpendLog, now: datetime) -> Iterator[Question]:
    for run in log.runs(unfinished=True):
        approval = log.approval(run.run_id)
        if approval is not None and not run.cancel_requested and (asked := Question.of(approval)).stands(now):
            yield asked


def _of_batches(log: SpendLog, now: datetime) -> Iterator[Question]:
    return (Question.of(grant) for grant in log.grants() if grant_stands(log, grant, now))


def _of_schedules(log: SpendLog, now: datetime) -> Iterator[Question]:
    for schedule in log.schedules():
        grant = schedule_question(log.standing_grants(schedule.schedule_id), now)
        if grant is not None:
            yield Question.of(grant)
