"""discover: what is on offer now?"""

from decimal import Decimal
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.parts import Parts
from agent.state import ListingState, State
from policies.offer import Listing
from policies.text import counted
from tools.errors import Malformed, MarketUnavailable, Refused


async def discover(state: State, runtime: Runtime[Parts]) -> Command[Literal["pick", "report"]]:
    """Read the list of GPUs; a provider that does not answer ends the run before anything was spent."""
    parts = runtime.context
    try:
        listings = await parts.market.gpus()
    except (MarketUnavailable, Refused, Malformed) as error:
        ending = endings.provider_failed(f"the list of GPUs can't be read: {error}")
        return Command(update=ending, goto="report")
    parts.face.tell(state["run_id"], f"{counted(len(listings), 'GPU is', 'GPUs are')} listed by {parts.base_url}")
    return Command(update=State(listings=[freeze_listing(listing) for listing in listings]), goto="pick")


def freeze_listing(listing: Listing) -> ListingState:
    """A listing as a checkpoint can hold it."""
    return {
        "gpu_id": listing.gpu_id,
        "name": listing.name,
        "vram_gb": listing.vram_gb,
        "price_per_hour": str(listing.price_per_hour),
        "tier": listing.tier,
        "payment_methods": list(listing.payment_methods),
    }


def thaw_listing(frozen: ListingState) -> Listing:
    """The listing again."""
    return Listing(
        gpu_id=frozen["gpu_id"],
        name=frozen["name"],
        vram_gb=frozen["vram_gb"],
        price_per_hour=Decimal(frozen["price_per_hour"]),
        tier=frozen["tier"],
        payment_methods=tuple(frozen["payment_methods"]),
    )
