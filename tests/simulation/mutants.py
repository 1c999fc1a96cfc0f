"""Nine ways to break a law by one small change of the code, each such as somebody might write on a bad day."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agent import gather, pod_end, pricing, purchase, result
from policies import judge
from policies.answers import CreditOutcome, Silence
from policies.budget import Usage
from policies.charge import ChargeEvent, ChargeState, Released
from policies.money import Cents
from policies.offer import Offer
from tools.errors import SwineherdError
from tools.ports import Fetched
from tools.spend_log import freezing, usage
from tools.spend_log import reserve as reserving

PACKAGES = ("agent", "tools", "policies")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One law, and the function that is replaced wherever it is used.

    Attributes:
        law: the number of the law that it breaks.
        told: what the bad day's author thought.
    """

    law: int
    told: str
    function: Callable[..., Any]
    instead: Callable[..., Any]


@contextmanager
def alive(mutant: Mutant) -> Iterator[None]:
    """Within, every module of ours that names the function has the mutant in its place."""
    places = [
        (module, name)
        for title, module in list(sys.modules.items())
        if title.partition(".")[0] in PACKAGES
        for name, value in list(vars(module).items())
        if value is mutant.function
    ]
    try:
        for module, name in places:
            setattr(module, name, mutant.instead)
        yield
    finally:
        for module, name in places:
            setattr(module, name, mutant.function)


async def _keeps_nothing(*_args: object) -> None:
    return None


_judge_credits = judge.judge_credits


def _silence_is_no(outcome: CreditOutcome, offer: Offer, *, spent_unmoved: bool) -> ChargeEvent:
    if isinstance(outcome, Silence):
        return Released("no answer came back")
    return _judge_credits(outcome, offer, spent_unmoved=spent_unmoved)


_usage = usage.usage


def _only_what_is_settled(db: Any, run_id: str, now: datetime) -> Usage:
    counted = _usage(db, run_id, now)
    open_ = sum(row["amount"] for row in db.query("SELECT amount FROM charges WHERE settled_at IS NULL"))
    return replace(counted, day=Cents(counted.day - open_), month=Cents(counted.month - open_))


_hold = reserving._hold


def _hold_without_consuming(db: Any, charge: Any, _approval_id: str | None, grant: Any) -> Any:
    return _hold(db, charge, None, grant)


def _never_moves(_listing: object, _offer: object) -> str:
    return ""


def _any_link(log: Any, run: Any, now: datetime) -> result.Payable | None:
    for charge in log.charges(run.run_id):
        if charge.state in (ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED):
            order = log.order(charge.order_id)
            return result.Payable(charge, order, order.checkout_url, now) if order and order.checkout_url else None
    return None


async def _believes_the_answer(parts: Any, order: Any) -> bool:
    try:
        return bool(await parts.market.terminate(order.order_id) == "terminated")
    except SwineherdError:
        return False


async def _fetches_nothing(_parts: Any, _order: Any, session: Any, home: Any) -> Any:
    return Fetched((), 0), await session.job_state(home)


def _never_frozen(_db: object) -> None:
    return None


MUTANTS = (
    Mutant(1, "the answer is parsed at once, so why store it", purchase.keep, _keeps_nothing),
    Mutant(2, "no answer means that nothing was bought", judge.judge_credits, _silence_is_no),
    Mutant(3, "what is not settled has not been spent", usage.usage, _only_what_is_settled),
    Mutant(4, "the approval was looked at already", reserving._hold, _hold_without_consuming),
    Mutant(5, "the price in the state was read a moment ago", pricing.moved, _never_moves),
    Mutant(6, "an expired link may still be paid, so show it", result.link_to_pay, _any_link),
    Mutant(7, "the provider answered `terminated`", pod_end.end_pod, _believes_the_answer),
    Mutant(8, "the job ended, so its outputs are there", gather._fetch, _fetches_nothing),
    Mutant(9, "freezing is looked at by whoever asks", freezing.reason, _never_frozen),
)
