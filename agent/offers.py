"""Offers: in words for a human, and again when the market took one back."""

from typing import Any

from langgraph.types import Command

from agent import endings
from agent.parts import Parts
from agent.state import State
from policies.money import rate, usd
from policies.offer import Offer

MOST_TAKEN_BACK = 5
"""Offers in a row that a moved market may take back before the run gives up."""


def offer_again(state: State, parts: Parts, change: str) -> Command[Any]:
    """To `discover` for a new offer (with a new code), or to `report` when the market never holds still."""
    made = state.get("offers_made", 0) + 1
    parts.face.tell(state["run_id"], f"nothing was bought: {change}")
    if made > MOST_TAKEN_BACK:
        ending = endings.refused(f"{change}; {made} offers in a row were taken back")
        return Command(update=ending, goto="report")
    return Command(update=State(offers_made=made), goto="discover")


def describe(offer: Offer) -> str:
    """An offer in words, for a human."""
    cost = f"{offer.hours} h × {rate(offer.price_per_hour)} = ${usd(offer.amount)}"
    return f"{offer.gpu_name} ({offer.vram_gb} GB), {cost}, {offer.rail.words}"
