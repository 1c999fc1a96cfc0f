"""A small market, and the shortest way to select from it."""

from decimal import Decimal

from policies.job import Job
from policies.money import Cents
from policies.offer import Listing
from policies.policy import DEFAULT, Policy
from policies.selection import Selection, select
from policies.vram import Known, Need

RTX_3090 = Listing("NVIDIA GeForce RTX 3090", "RTX 3090", 24, Decimal("0.34"), "piglet")
RTX_4090 = Listing("NVIDIA GeForce RTX 4090", "RTX 4090", 24, Decimal("0.49"), "hog")
A6000 = Listing("NVIDIA RTX A6000", "RTX A6000", 48, Decimal("0.79"), "hog")
A100 = Listing("NVIDIA A100 80GB PCIe", "A100 PCIe", 80, Decimal("1.64"), "boar")
H100 = Listing("NVIDIA H100 80GB HBM3", "H100 SXM", 80, Decimal("2.99"), "boar")
MI300X = Listing("AMD Instinct MI300X OAM", "MI300X", 192, Decimal("2.49"), "boar")
MARKET = (RTX_3090, RTX_4090, A6000, A100, H100, MI300X)

TWO_HOURS = Job(run="x", hours=Decimal(2))


def choose(
    listings: tuple[Listing, ...] = (RTX_4090,),
    job: Job = TWO_HOURS,
    policy: Policy = DEFAULT,
    ceiling: Cents | None = None,
    exclude: dict[str, str] | None = None,
    bad: dict[str, str] | None = None,
    least_vram_gb: int = 0,
    need: Need | None = None,
) -> Selection:
    known = Known(need, least_vram_gb)
    return select(listings, job, policy, ceiling, exclude=exclude or {}, bad=bad, known=known)


def reason_of(selection: Selection) -> str:
    """The reason of the one listing, which was turned down."""
    assert selection.quotes == ()
    (rejection,) = selection.rejections
    return rejection.reason
