"""A picture of a quote: what is on offer, what each would cost for this job, and what was picked."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from agent.quote import QuoteResult
from policies.offer import Listing

PICKED, FITS, TURNED_DOWN, INK = "#D55E00", "#0072B2", "#9AA0A8", "#20262E"
"""Colours from Okabe and Ito; every mark also differs in shape, so that nothing depends on colour alone."""


def draw_offers(listings: Sequence[Listing], quote: QuoteResult) -> Figure:
    """Price per hour against memory on the left; on the right the total for this job, or why an offer fell out."""
    figure = Figure(figsize=(11.5, 5.0), dpi=110, layout="constrained")
    market, totals = figure.subplots(1, 2, width_ratios=(1.05, 1))
    _draw_market(market, listings, quote)
    _draw_totals(totals, listings, quote)
    return figure


def _colour(gpu_id: str, quote: QuoteResult) -> str:
    fitting = [one.listing.gpu_id for one in quote.quotes]
    if gpu_id not in fitting:
        return TURNED_DOWN
    return PICKED if gpu_id == fitting[0] else FITS


def _draw_market(axes: Axes, listings: Sequence[Listing], quote: QuoteResult) -> None:
    marks = {PICKED: ("*", 240, "picked"), FITS: ("o", 48, "fits"), TURNED_DOWN: ("x", 44, "turned down")}
    for colour, (marker, size, label) in marks.items():
        those = [one for one in listings if _colour(one.gpu_id, quote) == colour]
        prices = [float(one.price_per_hour) for one in those]
        axes.scatter([one.vram_gb for one in those], prices, size, colour, marker=marker, label=label, zorder=3)
    for one in listings:
        _name(axes, one, _colour(one.gpu_id, quote), left=_crowded(one, listings))
    _scales(axes, listings)
    axes.set_title("On the market", loc="left", fontweight="bold", color=INK)
    axes.legend(loc="upper left", frameon=False)


def _crowded(listing: Listing, listings: Sequence[Listing]) -> bool:
    """Whether a name to the right of the mark would run into the next mark, or out of the picture."""
    right = [one for one in listings if listing.vram_gb < one.vram_gb < 2 * listing.vram_gb]
    near = [one for one in right if 0.85 < one.price_per_hour / listing.price_per_hour < 1.18]
    return bool(near) or listing.vram_gb == max(one.vram_gb for one in listings)


def _name(axes: Axes, listing: Listing, colour: str, *, left: bool) -> None:
    axes.annotate(
        f"{listing.name}  ${listing.price_per_hour:.2f}",
        (listing.vram_gb, float(listing.price_per_hour)),
        xytext=(-10 if left else 10, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        fontsize=9,
        fontweight="bold" if colour == PICKED else "normal",
        color=INK,
    )


def _scales(axes: Axes, listings: Sequence[Listing]) -> None:
    sizes = sorted({one.vram_gb for one in listings})
    axes.set(xscale="log", yscale="log", xlim=(sizes[0] * 0.85, sizes[-1] * 1.2), ylim=(0.16, 5.6))
    for axis, ticks in ((axes.xaxis, sizes), (axes.yaxis, (0.2, 0.5, 1, 2, 4))):
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.yaxis.set_major_formatter("${x:.2f}")
    axes.set_xlabel("VRAM in GB")
    axes.set_ylabel("price per hour")
    axes.grid(color="#E6E8EB")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_totals(axes: Axes, listings: Sequence[Listing], quote: QuoteResult) -> None:
    names = {one.gpu_id: one.name for one in listings}
    for place, one in enumerate(quote.quotes):
        total = one.total / 100
        axes.barh(place, total, 0.62, color=_colour(one.listing.gpu_id, quote), zorder=3)
        hours = f"${total:.2f}  ({one.hours} h)" + ("  ★ picked" if place == 0 else "")
        axes.annotate(
            hours, (total, place), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9, color=INK
        )
    for place, turned_down in enumerate(quote.rejections, start=len(quote.quotes)):
        axes.text(0.01, place, f"✕ {turned_down.reason}", va="center", fontsize=8.5, color="#5B626B")
    labels = [one.listing.name for one in quote.quotes] + [names[one.gpu_id] for one in quote.rejections]
    axes.set_yticks(range(len(labels)), labels, fontsize=9)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_title(f"For the job “{quote.job.name}”", loc="left", fontweight="bold", color=INK)
    axes.set_xlabel("total for this job (price × hours paid)")
    axes.xaxis.set_major_formatter("${x:.2f}")
    axes.margins(x=0.32)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#E6E8EB")
    axes.spines[["top", "right", "left"]].set_visible(False)
