"""What a life is like, drawn from its seed: the policy, the job, how many runs, how bad the world is."""

from dataclasses import dataclass
from functools import cache
from random import Random

from agent.submit import fingerprint
from policies.job import from_json, read_job, to_json
from policies.money import Cents
from policies.offer import Rail
from policies.policy import Budget, Network, Payment, Policy, Reconcile, Recovery, Time
from policies.selection import select
from tests.fakes.market import LISTINGS

JOB = """
name: train
run: python train.py
{where}
hours: {hours}
outputs: [metrics.json]
"""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """One life's.

    Attributes:
        accounts: whose API keys processes may have; "" is none.
        rate: the probability that a call goes wrong.
        bad: the probability that an order gets a bad habit.
        kills: so many processes at most are killed.
        events: so many things happen in the world.
        hostile: somebody edits checkpoints, resumes old ones, and wakes runs with words of their own.
    """

    policy: Policy
    hours: int
    any_gpu: bool
    runs: int
    accounts: tuple[str, ...]
    rate: float
    bad: float
    kills: int
    events: int
    hostile: bool
    on_volume: bool
    link_seconds: float
    heartbeat_seconds: float


def draw(dice: Random, rate: float) -> Circumstances:
    """Anything that a user or the world may be like."""
    return Circumstances(
        policy=_policy(dice),
        hours=dice.choice((1, 2, 2, 3)),
        any_gpu=dice.random() < 0.5,
        runs=dice.choice((1, 1, 2, 2, 2, 3)),
        accounts=dice.choice((("key-1",),) * 8 + (("key-1", "key-2"), ("",))),
        rate=rate,
        bad=dice.choice((0.0, 0.2, 0.5)),
        kills=dice.choice((0, 1, 1, 2, 3)),
        events=dice.choice((0, 0, 1, 2, 5)),
        hostile=dice.random() < 0.3,
        on_volume=dice.random() < 0.4,
        link_seconds=dice.choice((200.0, 600.0, 1800.0)),
        heartbeat_seconds=dice.choice((20.0, 600.0, 600.0)),
    )


def _policy(dice: Random) -> Policy:
    auto = dice.choice((0, 0, 150, 1000))
    rails = dice.choice(((Rail.CREDITS,), (Rail.CREDITS,), (Rail.CREDITS, Rail.STRIPE), (Rail.STRIPE,)))
    return Policy(
        budget=Budget(
            per_run=Cents(dice.choice((150, 300, 1000))),
            per_day=Cents(dice.choice((150, 300, 300, 2500))),
            per_month=Cents(dice.choice((300, 500, 25000))),
            max_open_pods=dice.choice((1, 2, 4)),
        ),
        payment=Payment(
            rails=rails,
            auto_pay=Cents(auto),
            auto_pay_per_day=Cents(dice.choice((auto, 2 * auto, 5000)) if auto else 0),
            approval_minutes=dice.choice((1, 4, 10)),
            grace_minutes=dice.choice((0, 5)),
        ),
        time=Time(
            deploy_minutes=dice.choice((2, 5)),
            ssh_minutes=dice.choice((1, 5)),
            uncollected_hours=dice.choice((2, 72)),
        ),
        recovery=Recovery(
            max_pods_per_run=dice.choice((1, 3)),
            same_failure_limit=dice.choice((1, 2, 3)),
            terminate_alarm_tries=dice.choice((2, 5)),
        ),
        reconcile=Reconcile(settle_seconds=dice.choice((30, 100, 300)), readings=dice.choice((2, 3))),
        network=Network(deadman=dice.random() < 0.8, deadman_minutes=dice.choice((5, 60))),
    )


@cache
def hours_of(hours: int, *, any_gpu: bool) -> dict[str, int]:
    """What the job needs on each GPU that it may run on, as an honest market is ranked."""
    job_json, _ = job_of(hours, any_gpu=any_gpu)
    return {one.listing.gpu_id: one.hours for one in select(LISTINGS, from_json(job_json), Policy(), None).quotes}


@cache
def job_of(hours: int, *, any_gpu: bool) -> tuple[str, str]:
    """The job as a run keeps it, and its fingerprint."""
    where = "" if any_gpu else "resources: {accelerators: RTX4090}"
    job = read_job(JOB.format(where=where, hours=hours), "job.yaml").job
    return to_json(job), fingerprint(job, {})
