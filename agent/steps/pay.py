"""pay: the only step that spends credits, and the one that sees a checkout paid. It believes the spend log alone."""

from datetime import datetime, timedelta
from typing import Literal, assert_never

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import checkout, endings, purchase, reconcile
from agent.doubt import doubt_message, doubt_told, in_doubt_until, may_be_proven, orphan_message
from agent.offers import offer_again
from agent.parking import waiting
from agent.parts import Parts
from agent.patient import to_the_end
from agent.purchase import NotReserved, OfferTakenBack
from agent.state import State, failed
from policies.answers import Receipt
from policies.budget import CapHit
from policies.charge import ChargeState, Released
from policies.judge import same_gpu
from policies.money import usd
from policies.offer import Offer, Rail
from policies.recovery import FailureKind
from tools.spend_log.port import Frozen, NotApproved
from tools.spend_log.rows import Approval, Awaited, Charge, Decision, Kind

Next = Literal["discover", "pick", "rent", "escalate", "pay", "poll", "terminate", "report"]
To = Command[Next]


async def pay(state: State, runtime: Runtime[Parts]) -> To:
    """Settle what stands, or buy what was approved; a charge at `submitting` or later is never sent again."""
    parts = runtime.context
    run_id = state["run_id"]
    offer = parts.attempt(run_id).offer
    charge = latest_charge(parts, offer)
    if charge is None:
        return await _fresh(state, parts, offer)
    if charge.state is ChargeState.SUBMITTING:
        settle = checkout.settle_left_over if charge.rail is Rail.STRIPE else purchase.settle_left_over
        charge = await settle(parts, charge, offer)
    return await follow(state, parts, offer, charge)


def latest_charge(parts: Parts, offer: Offer) -> Charge | None:
    """The charge of this offer, if it has one."""
    charges = [charge for charge in parts.log.charges(offer.run_id) if charge.kind is Kind.RENT]
    of_offer = [charge for charge in charges if charge.attempt == offer.attempt]
    return of_offer[-1] if of_offer else None


async def follow(state: State, parts: Parts, offer: Offer, charge: Charge) -> To:
    """Where a charge in this state leads."""
    match charge.state:
        case ChargeState.PAID:
            return _paid(parts, offer, charge)
        case ChargeState.MISMATCH:
            return _mismatch(state, parts, offer, charge)
        case ChargeState.IN_DOUBT:
            return await in_doubt(state, parts, offer, charge)
        case ChargeState.ORPHANED if parts.pod(offer.run_id) is not None:
            return _paid(parts, offer, charge)
        case ChargeState.ORPHANED:
            return Command(update=endings.in_doubt(orphan_message(parts, charge)), goto="terminate")
        case ChargeState.HELD:
            parts.log.settle(charge.charge_id, Released("interrupted before it was sent"), parts.clock.now())
            return Command(goto="discover")
        case ChargeState.RELEASED:
            return _released(state, parts, offer, charge)
        case ChargeState.AWAITING_PAYMENT | ChargeState.EXPIRED:
            return await _verify_link(state, parts, offer, charge)
        case ChargeState.SUBMITTING | ChargeState.ACCRUING | ChargeState.REFUND | ChargeState.TOPUP:
            return _end(endings.in_doubt(f"charge {charge.charge_id} is {charge.state}"))
        case _:
            assert_never(charge.state)


async def in_doubt(state: State, parts: Parts, offer: Offer, charge: Charge) -> To:
    """Read the account until it proves one or the other, or the settle window is over and a human has to ask."""
    if not may_be_proven(parts, charge):
        return Command(update=endings.in_doubt(doubt_message(parts, charge)), goto="terminate")
    had = _waited_until(state, Awaited.DOUBT)
    until = had or in_doubt_until(parts, charge)
    if had is None:
        parts.face.tell(offer.run_id, doubt_told(charge, until))
    await reconcile.reconcile_account(parts)
    settled = latest_charge(parts, offer)
    if settled is not None and settled.state is not ChargeState.IN_DOUBT:
        return await follow(state, parts, offer, settled)
    if parts.clock.now() >= until:
        return Command(update=endings.in_doubt(doubt_message(parts, charge)), goto="terminate")
    return Command(update=waiting(Awaited.DOUBT, until), goto="pay")


def _end(ending: State) -> To:
    return Command(update=ending, goto="report")


async def _fresh(state: State, parts: Parts, offer: Offer) -> To:
    """Nothing was reserved for this offer yet."""
    if parts.run(offer.run_id).cancel_requested:
        return _end(endings.cancelled("cancelled before anything was spent"))
    if not parts.pays_as(offer):
        return offer_again(state, parts, "the offer was made for another account or provider")
    if offer.rail is Rail.STRIPE:
        return Command(goto="rent")
    approval = parts.log.approval(offer.run_id)
    if approval is not None:
        turned = _answer(approval)
        if turned is not None:
            return turned
    if flying(parts, offer):
        await reconcile.reconcile(parts)
        return _wait_for_turn(state, parts)
    approval_id = approval.approval_id if approval else None
    bought = await to_the_end(purchase.buy(parts, offer, approval_id))
    match bought:
        case NotReserved(why=why):
            return _not_reserved(state, parts, why)
        case OfferTakenBack(reason=reason):
            return offer_again(state, parts, reason)
        case Charge():
            return await follow(state, parts, offer, bought)
        case _:
            assert_never(bought)


def _answer(approval: Approval) -> To | None:
    """What the human said, or None for a yes."""
    match approval.decision:
        case Decision.APPROVED:
            return None
        case Decision.DENIED:
            return _end(endings.denied(f"denied by {approval.decided_by}"))
        case Decision.SUPERSEDED:
            return Command(goto="pick")
        case None:
            return Command(goto="escalate")


LAST_READING = 1.2
"""Beyond its settle window a doubt gets a last reading before the next purchase makes it one of two candidates."""


def flying(parts: Parts, offer: Offer) -> bool:
    """Whether another purchase on this key is in flight, or freshly in doubt: credits are spent one at a time."""
    settled_before = parts.clock.now() - _settle_window(parts) * LAST_READING
    return any(
        charge.account == offer.account
        and charge.rail is Rail.CREDITS
        and charge.run_id != offer.run_id
        and (charge.state is ChargeState.SUBMITTING or (charge.submitted_at or charge.created_at) > settled_before)
        for charge in parts.log.charges(states=[ChargeState.SUBMITTING, ChargeState.IN_DOUBT])
    )


def _wait_for_turn(state: State, parts: Parts) -> To:
    """Until the other purchase has settled, for as long as its doubt may last."""
    now = parts.clock.now()
    until = _waited_until(state, Awaited.TURN) or now + _settle_window(parts) * LAST_READING * LAST_READING
    if now >= until:
        return _end(endings.refused("another purchase on this API key has not settled"))
    return Command(update=waiting(Awaited.TURN, until), goto="pay")


def _waited_until(state: State, awaited: Awaited) -> datetime | None:
    """The end of this very waiting, where it has begun."""
    had = state.get("waiting")
    return datetime.fromisoformat(had["until"]) if had and had["awaited"] == awaited.value else None


def _settle_window(parts: Parts) -> timedelta:
    return timedelta(seconds=parts.policy.reconcile.settle_seconds)


def _not_reserved(state: State, parts: Parts, why: CapHit | Frozen | NotApproved) -> To:
    match why:
        case CapHit(cap="auto_pay_usd" | "auto_pay_per_day_usd"):
            return Command(goto="rent")
        case CapHit(message=message):
            return _end(endings.refused(message))
        case Frozen(reason=reason):
            return _end(endings.refused(f"spending is frozen: {reason}"))
        case NotApproved(reason=reason):
            return offer_again(state, parts, reason)
        case _:
            assert_never(why)


def _paid(parts: Parts, offer: Offer, charge: Charge) -> To:
    late = " (late)" if charge.late else ""
    parts.face.tell(offer.run_id, f"paid ${usd(charge.amount)} {charge.rail.words}{late}; the pod is deploying")
    return Command(goto="poll")


def _mismatch(state: State, parts: Parts, offer: Offer, charge: Charge) -> To:
    """What is paid is used if it is the GPU that was asked for, else ended; spending is frozen by now either way."""
    parts.face.tell(offer.run_id, f"the provider {charge.note}; spending is frozen until a human looks at it")
    kept = parts.log.kept_answer(charge.charge_id)
    receipt = parts.read_receipt(kept) if kept else None
    if isinstance(receipt, Receipt) and same_gpu(receipt.gpu, offer):
        return Command(goto="poll")
    reason = f"the provider {charge.note}"
    return Command(update=failed(state, FailureKind.PROVIDER, offer.gpu_id, reason), goto="terminate")


GPU_NOT_TO_BE_HAD = frozenset({404, 409, 410, 422})
"""Statuses after which another GPU may still be rented."""


def _released(state: State, parts: Parts, offer: Offer, charge: Charge) -> To:
    """Nothing was taken. A plain refusal of this GPU means another; a link that we refused, the end."""
    parts.log.end_attempt(offer.run_id, offer.attempt, charge.note, parts.clock.now())
    kept = parts.log.kept_answer(charge.charge_id)
    if kept is None and not charge.order_id and parts.run(offer.run_id).cancel_requested:
        return _end(endings.cancelled("cancelled before anything was spent"))
    if charge.rail is Rail.STRIPE and kept is not None and kept.status == 402:
        return Command(update=endings.refused(f"{offer.gpu_name}: {charge.note}"), goto="terminate")
    kind = FailureKind.PROVIDER
    if kept is None and charge.rail is Rail.CREDITS:
        kind = FailureKind.NO_ANSWER
    elif kept is not None and kept.status in GPU_NOT_TO_BE_HAD:
        kind = FailureKind.SOLD_OUT
    reason = f"{offer.gpu_name}: {charge.note}"
    return Command(update=failed(state, kind, offer.gpu_id, reason), goto="terminate")


async def _verify_link(state: State, parts: Parts, offer: Offer, charge: Charge) -> To:
    verified = await checkout.verify(parts, charge)
    if verified.state is ChargeState.PAID:
        return _paid(parts, offer, verified)
    if parts.run(offer.run_id).cancel_requested:
        why = "cancelled; the checkout link may be open for a while still: do not pay it, its pod would be ended"
        return _end(endings.cancelled(why))
    return Command(goto="escalate")
