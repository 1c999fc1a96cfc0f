"""Money that an earlier process left open, settled by what the account's `total_spent` proves (MONEY.md, in doubt)."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from agent import checkout, purchase
from agent.account import read_account
from agent.parts import Parts
from policies.charge import ChargeState, IllegalMove, Released
from policies.money import Cents, usd
from policies.offer import Rail
from policies.reconcile import Doubt, Seen, judge_doubt
from tools.errors import Malformed, MarketUnavailable, Refused
from tools.spend_log.rows import Charge, Kind

ABANDONED_LEASE_SECONDS = 60


async def reconcile(parts: Parts) -> None:
    """What every start does for the money, and nothing else: settle what dead processes left, and what is in doubt.

    An account that can't be read is left as it is: what is open goes on counting.
    """
    await settle_abandoned(parts)
    await reconcile_account(parts)


async def reconcile_account(parts: Parts) -> None:
    """One reading of the account, and what it and those before it prove."""
    if not parts.account:
        return
    with suppress(MarketUnavailable, Malformed, Refused):
        await read_account(parts)
        settle_doubts(parts)


def settle_doubts(parts: Parts) -> None:
    """Settle every purchase in doubt on this account that the readings so far prove one way or the other."""
    doubts = _on_this_account(parts, ChargeState.IN_DOUBT)
    for charge in doubts:
        event = judge_doubt(
            _doubt(parts, charge, alone=len(doubts) == 1),
            [
                Seen(one.at, one.spent, one.drift)
                for one in parts.log.readings(charge.account, charge.base_url, _sent_at(charge))
            ],
            parts.clock.now(),
            settle_seconds=parts.policy.reconcile.settle_seconds,
            wanted=parts.policy.reconcile.readings,
        )
        if event is not None:
            with suppress(IllegalMove):  # another process has seen and settled the same
                settled = parts.log.settle(charge.charge_id, event, parts.clock.now())
                parts.face.tell(charge.run_id, verdict(settled))


def verdict(charge: Charge) -> str:
    """What the readings proved."""
    if charge.state is ChargeState.RELEASED:
        return f"${usd(charge.amount)} for {charge.gpu_id} was not taken: {charge.note}"
    return f"${usd(charge.amount)} for {charge.gpu_id} was taken, and no order id is known for it; it counts as spent"


async def settle_abandoned(parts: Parts) -> None:
    """Release what a dead process held, and settle what it was sending: by the answer it had stored, else in doubt."""
    for charge in parts.log.charges(states=[ChargeState.HELD, ChargeState.SUBMITTING]):
        if charge.kind is not Kind.RENT or (charge.account, charge.base_url) != (parts.account, parts.base_url):
            continue
        with _left_by_the_dead(parts, charge) as left, suppress(IllegalMove):
            if left:
                await _settle_left(parts, charge)


async def _settle_left(parts: Parts, charge: Charge) -> None:
    offer = next(one.offer for one in parts.log.attempts(charge.run_id) if one.offer.attempt == charge.attempt)
    if charge.state is ChargeState.HELD:
        parts.log.settle(charge.charge_id, Released("interrupted before it was sent"), parts.clock.now())
    elif charge.rail is Rail.STRIPE:
        await checkout.settle_left_over(parts, charge, offer)
    else:
        await purchase.settle_left_over(parts, charge, offer)


@contextmanager
def _left_by_the_dead(parts: Parts, charge: Charge) -> Iterator[bool]:
    """Whether nobody drives the charge's run any more; the lease is held meanwhile, so that nobody begins to.

    A run that this very process drives is in living hands too. Of a sender elsewhere only its lease can be known; what
    it was sending is in doubt once that is over, and stays so for a day (`policies.reconcile`).
    """
    standing = parts.log.lease(charge.run_id)
    sender = parts.log.sender(charge.charge_id)
    ours = standing is not None and standing.holder == parts.holder
    here = sender is not None and sender.holder.host == parts.holder.host
    sending = here and sender is not None and sender.landed_at is None and parts.alive(sender.holder)
    now = parts.clock.now()
    if ours or sending:
        yield False
        return
    taken = parts.log.take_lease(charge.run_id, parts.holder, now, ABANDONED_LEASE_SECONDS, parts.alive)
    try:
        yield taken is not None and _unchanged(parts, charge)
    finally:
        if taken is not None:
            parts.log.release_lease(charge.run_id, parts.holder)


def _unchanged(parts: Parts, charge: Charge) -> bool:
    now = parts.log.charge(charge.charge_id)
    return now is not None and now.state is charge.state


def _doubt(parts: Parts, charge: Charge, *, alone: bool) -> Doubt:
    sender = parts.log.sender(charge.charge_id)
    done = sender is not None and (sender.landed_at is not None or not parts.alive(sender.holder))
    before = charge.total_spent_before
    if before is not None:
        before = Cents(before + parts.log.taken_since(charge.account, charge.base_url, _sent_at(charge)))
    return Doubt(charge.amount, _sent_at(charge), before, alone=alone, sender_done=done)


def _sent_at(charge: Charge) -> datetime:
    return charge.submitted_at or charge.created_at


def _on_this_account(parts: Parts, state: ChargeState) -> list[Charge]:
    return [
        charge
        for charge in parts.log.charges(states=[state])
        if charge.rail is Rail.CREDITS and (charge.account, charge.base_url) == (parts.account, parts.base_url)
    ]
