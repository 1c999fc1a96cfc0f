"""One question for a whole batch: where a human would have to approve each order, a grant asks once (law 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from agent.parts import LEASE_SECONDS, Parts
from agent.used_before import known_of_run
from policies.grant import Terms
from policies.job import Job
from policies.money import Cents
from policies.offer import Rail
from policies.selection import select
from policies.vram import Known
from tools.spend_log.batch_rows import Batch, Grant, NewGrant
from tools.spend_log.rows import ENDED, Decision, RunStatus

DENIED_CODE = 6

GRANTED_FOR = timedelta(hours=24)
"""So long a grant of a batch pays; an order that comes later is asked for by itself."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the jobs that are still to run would cost now."""

    fitting: tuple[Cents, ...]
    """The first-ranked offer of each job that has one."""
    unfitting: int
    """Jobs that no offer fits."""

    @property
    def total(self) -> Cents:
        """All together."""
        return Cents(sum(self.fitting))


async def expect(parts: Parts, run_ids: Sequence[str]) -> Expected:
    """Rank the market for each job, as `pick` will.

    Raises:
        MarketUnavailable, Refused, Malformed: the list of GPUs can't be read.
    """
    jobs = [(parts.job(run_id), parts.run(run_id).ceiling, known_of_run(parts, run_id)) for run_id in run_ids]
    return await expect_jobs(parts, jobs)


async def expect_jobs(parts: Parts, jobs: Sequence[tuple[Job, Cents | None, Known]]) -> Expected:
    """The same for jobs, each with its ceiling, and with what earlier runs say of its memory.

    Raises:
        MarketUnavailable, Refused, Malformed: the list of GPUs can't be read.
    """
    listings, bad = await parts.market.gpus(), parts.log.bad_gpus(parts.clock.now())
    fitting = []
    for job, ceiling, known in jobs:
        chosen = select(listings, job, parts.policy, ceiling, bad=bad, known=known)
        fitting += [chosen.quotes[0].total] if chosen.quotes else []
    return Expected(tuple(fitting), len(jobs) - len(fitting))


def needs_a_yes(parts: Parts, batch: Batch, expected: Expected) -> bool:
    """Whether some order would wait for a human: credits come first, and the auto-pay limits don't reach.

    Where the batch's budget has no room for any of them, they are refused without a question.
    """
    payment = parts.policy.payment
    if not expected.fitting or not parts.account or payment.rails[:1] != (Rail.CREDITS,):
        return False
    if _amount(parts, batch, expected) < min(expected.fitting):
        return False
    used = parts.log.usage("", parts.clock.now()).auto_day
    return max(expected.fitting) > payment.auto_pay or used + expected.total > payment.auto_pay_per_day


def standing_grant(parts: Parts, batch: Batch, expected: Expected) -> Grant | None:
    """A grant that was given before and still has room for what is expected, as after an interruption."""
    now = parts.clock.now()
    for grant in parts.log.grants(batch.batch_id):
        valid = grant.decision is Decision.APPROVED and grant.revoked_at is None and now < grant.until
        used = parts.log.grant_used(grant.grant_id)
        if valid and used.amount + expected.total <= grant.amount and used.pods < grant.pods:
            return grant
    return None


def ask(parts: Parts, batch: Batch, expected: Expected) -> Grant:
    """Ask for what the batch's budget leaves, or without a budget for what its jobs are expected to cost."""
    now = parts.clock.now()
    jobs = len(expected.fitting)
    terms = Terms(
        amount=_amount(parts, batch, expected),
        pods=jobs * parts.policy.recovery.max_pods_per_run,
        account=parts.account,
        base_url=parts.base_url,
        until=now + GRANTED_FOR,
    )
    expires_at = now + timedelta(minutes=parts.policy.payment.approval_minutes)
    new = NewGrant(parts.new_id("grant"), batch.batch_id, terms, parts.new_code(), expires_at)
    return parts.log.ask_grant(new, now)


def _amount(parts: Parts, batch: Batch, expected: Expected) -> Cents:
    if batch.budget is None:
        return expected.total
    jobs = parts.log.batch_jobs(batch.batch_id)
    shared = parts.log.usage(jobs[0].run_id, parts.clock.now()).batch
    left = batch.budget - (shared.used if shared else 0)
    return Cents(left)


def deny(parts: Parts, run_ids: Sequence[str], by: str) -> None:
    """End what has bought nothing; what somebody else drives, or has bought meanwhile, is not ours to end."""
    for run_id in run_ids:
        now = parts.clock.now()
        if parts.log.take_lease(run_id, parts.holder, now, LEASE_SECONDS, parts.alive) is None:
            continue
        if parts.run(run_id).status not in ENDED and not parts.money_at_work(run_id):
            parts.log.set_status(run_id, RunStatus.DENIED, now, reason=f"denied by {by}", code=DENIED_CODE)
