"""The price of an offer, read again right before it counts."""

from agent.parts import Parts
from policies.money import rate
from policies.offer import Listing, Offer


async def current_listing(parts: Parts, offer: Offer) -> Listing | None:
    """The listing of the offered GPU as it is now, or None when it is sold out.

    Raises:
        MarketUnavailable, Refused, Malformed: the list can't be read.
    """
    for listing in await parts.market.gpus():
        if listing.gpu_id == offer.gpu_id:
            return listing
    return None


def moved(listing: Listing | None, offer: Offer) -> str:
    """How the market has moved away from an offer, or ""."""
    if listing is None:
        return f"{offer.gpu_name} is sold out"
    if listing.price_per_hour != offer.price_per_hour:
        return f"{offer.gpu_name} is now {rate(listing.price_per_hour)} instead of {rate(offer.price_per_hour)}"
    return ""
