"""escalate: wait for a human, or for the checkout to be paid. It only interrupts; the spend log has the decision."""

from datetime import datetime, timedelta
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import checkout
from agent.offers import describe
from agent.parking import park, ticket
from agent.parts import Parts
from agent.state import State
from agent.wanted import another_is_wanted
from policies.charge import ChargeState
from policies.offer import Offer
from tools.spend_log.rows import Awaited, Charge

LOOK_AGAIN = timedelta(seconds=10)


async def escalate(state: State, runtime: Runtime[Parts]) -> Command[Literal["pay", "discover"]]:
    """Park until somebody decides; a fresh offer, or another one, is made only when a human asks for it."""
    parts = runtime.context
    run_id = state["run_id"]
    charge = parts.open_charge(run_id)
    if charge is not None:
        cause = park(ticket(Awaited.PAYMENT, _watched_until(parts, charge)))
    else:
        offer = parts.attempt(run_id).offer
        cause = park(ticket(Awaited.HUMAN, _asked_until(parts, run_id)), question(offer))
    if cause == "fresh" or another_is_wanted(parts.log, run_id):
        return Command(goto="discover")
    return Command(goto="pay")


def _watched_until(parts: Parts, charge: Charge) -> datetime:
    """Always ahead: a link that can't be looked at is looked at again, not round and round."""
    soon = parts.clock.now() + LOOK_AGAIN
    order = parts.log.order(charge.order_id)
    if order is None:
        return soon
    expired = charge.state is ChargeState.EXPIRED
    return max(soon, checkout.watch_until(parts, order) if expired else checkout.link_deadline(parts, order))


def _asked_until(parts: Parts, run_id: str) -> datetime:
    """Until the question expires; without one only a fresh offer helps, and its time is over already."""
    approval = parts.log.approval(run_id)
    return approval.expires_at if approval else parts.clock.now()


def question(offer: Offer) -> dict[str, object]:
    """The interrupt in the shape that agent-chat-ui reads. The code is not in it: it goes to human channels only."""
    arguments = {"gpu_id": offer.gpu_id, "hours": offer.hours, "amount_cents": offer.amount, "rail": offer.rail.value}
    request = {"name": "pay", "args": arguments, "description": describe(offer)}
    review = {"action_name": "pay", "allowed_decisions": ["approve", "reject"]}
    return {"action_requests": [request], "review_configs": [review]}
