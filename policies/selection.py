"""Which listings fit a job, what each would cost, and why the others do not."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction

from policies.gpu import Gpu, compute_capability, gpu_of, matches, parse_gpu, relative_speed, speed_known
from policies.gpu_facts import REFERENCE
from policies.job import Job, capability_text
from policies.money import Cents, exact_cents, rate, reservation, usd
from policies.offer import Listing, Quote, Rejection
from policies.policy import Policy, caps_for
from policies.vram import NOTHING_MORE, Known, NeedSource, needed_gb


@dataclass(frozen=True, slots=True)
class Selection:
    """Every listing, either priced or turned down.

    Attributes:
        quotes: best first.
        rejections: in the order of the listings.
    """

    quotes: tuple[Quote, ...]
    rejections: tuple[Rejection, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked of a listing."""

    job: Job
    policy: Policy
    per_run: Cents
    needed_gb: int
    known: Known
    reference: Gpu
    expected: Decimal
    """Hours on the reference."""
    margin: Decimal
    hours_said: int | None
    """To pay for on any listing, where a human said so."""

    def speed(self, listing: Listing) -> Fraction:
        """Of the listing, beside the reference."""
        return relative_speed(gpu_of(listing), self.reference)

    def hours(self, listing: Listing) -> int:
        """To pay for on the listing."""
        return self.hours_said or hours_paid(self.expected, self.margin, self.speed(listing))


def select(
    listings: Iterable[Listing],
    job: Job,
    policy: Policy,
    ceiling: Cents | None,
    exclude: Mapping[str, str] | None = None,
    *,
    bad: Mapping[str, str] | None = None,
    known: Known = NOTHING_MORE,
    hours: int | None = None,
) -> Selection:
    """Price every listing that fits and rank by price × hours paid, then price, then gpu_id.

    Args:
        ceiling: lowers the policy's cap for one run, as the job's own budget does; None where there is none.
        exclude: gpu_id -> why this run does not take it.
        bad: gpu_id -> why it is remembered as bad: left out, unless nothing else fits.
        known: what more is known of the memory that the job needs than its file says.
        hours: to pay for on whatever GPU, in place of those that the job needs there.
    """
    listings, wish = tuple(listings), _wish(job, policy, ceiling, known, hours)
    left_out = {gpu_id: f"not again in this run: {why}" for gpu_id, why in (exclude or {}).items()}
    bad = {gpu_id: why for gpu_id, why in (bad or {}).items() if gpu_id not in left_out}
    selection = _select(
        listings, wish, {gpu_id: f"left out for a while: {why}" for gpu_id, why in bad.items()} | left_out
    )
    if selection.quotes or not bad:
        return selection
    again = _select(listings, wish, left_out)
    return replace(again, warnings=(*again.warnings, *_offered_again(again.quotes, bad)))


def _select(listings: Iterable[Listing], wish: _Wish, left_out: Mapping[str, str]) -> Selection:
    quotes: list[Quote] = []
    rejections: list[Rejection] = []
    seen: set[str] = set()
    for listing in listings:
        reason = _repeated(listing, seen) or left_out.get(listing.gpu_id, "") or _misfit(listing, wish)
        if reason:
            rejections.append(Rejection(listing.gpu_id, reason))
        else:
            quotes.append(_quote(listing, wish))
        seen.add(listing.gpu_id)
    quotes.sort(key=_rank)
    placed = tuple(_placed(quote, place, len(quotes)) for place, quote in enumerate(quotes, start=1))
    return Selection(placed, tuple(rejections), _warnings(quotes, wish))


def choosable(selection: Selection, premium: Decimal, most: int) -> tuple[Quote, ...]:
    """The first-ranked quote and those within `premium` of it, in their order, at most `most`: any may be taken."""
    return tuple(one for one in selection.quotes[:most] if within_premium(one, selection.quotes[0], premium))


def within_premium(quote: Quote, best: Quote, premium: Decimal) -> bool:
    """`quote` costs at most `premium` (a share) more than the best-ranked one; exactly that much is allowed."""
    return _cost(quote) <= _cost(best) * (1 + premium)


def hours_paid(expected: Decimal, margin: Decimal, speed: Fraction) -> int:
    """Whole hours to pay for: `max(1, ceil(expected × (1 + margin) ÷ speed))`.

    Exact: a rounded quotient just above a whole number would buy an hour too many.
    """
    return max(1, math.ceil(Fraction(expected) * (1 + Fraction(margin)) / speed))


def _wish(job: Job, policy: Policy, ceiling: Cents | None, known: Known, hours: int | None) -> _Wish:
    ceilings = [limit for limit in (ceiling, job.budget) if limit is not None]
    return _Wish(
        job=job,
        policy=policy,
        per_run=caps_for(policy, min(ceilings, default=None)).per_run,
        needed_gb=needed_gb(
            known.need.gb if known.need else job.vram_gb, policy.gpu.min_vram_gb, policy.gpu.vram_headroom
        ),
        known=known,
        reference=parse_gpu(job.accelerators[0] if job.accelerators else REFERENCE),
        expected=Decimal(policy.time.default_hours) if job.hours is None else job.hours,
        margin=policy.time.hours_margin if job.hours is None else Decimal(0),
        hours_said=hours,
    )


def _repeated(listing: Listing, seen: set[str]) -> str:
    return "listed twice: the first one counts" if listing.gpu_id in seen else ""


def _misfit(listing: Listing, wish: _Wish) -> str:
    """The first rule the listing breaks, with both figures; "" where it fits."""
    for rule in (_forbidden, _other_gpu, _too_small, _too_old, _too_dear, _too_long, _over_cap):
        if reason := rule(listing, wish):
            return reason
    return ""


def _forbidden(listing: Listing, wish: _Wish) -> str:
    gpu = wish.policy.gpu
    names = (listing.name, listing.gpu_id)
    if denied := _hit(gpu.deny, names):
        return f"gpu.deny in the policy has {denied!r}"
    if not _hit(gpu.allow, names):
        return f"gpu.allow in the policy has only {_listed(gpu.allow)}"
    if not _hit(gpu.tiers, (listing.tier,)):
        return f"gpu.tiers in the policy has only {_listed(gpu.tiers)}, this is {listing.tier!r}"
    return ""


def _hit(patterns: Iterable[str], texts: Iterable[str]) -> str | None:
    """The first pattern that one of the texts matches, upper and lower case alike."""
    lowered = [text.lower() for text in texts]
    return next((one for one in patterns if any(fnmatchcase(text, one.lower()) for text in lowered)), None)


def _listed(patterns: Iterable[str]) -> str:
    return ", ".join(map(repr, patterns)) or "nothing"


def _other_gpu(listing: Listing, wish: _Wish) -> str:
    asked = wish.job.accelerators
    if not asked or any(matches(one, listing) for one in asked):
        return ""
    return f"the job asks for {' or '.join(asked)}, this is {gpu_of(listing).model} with {listing.vram_gb} GB"


def _too_small(listing: Listing, wish: _Wish) -> str:
    if listing.vram_gb < wish.known.least_gb:
        return f"too small after the last pod: {listing.vram_gb} GB < {wish.known.least_gb} GB"
    if listing.vram_gb >= wish.needed_gb:
        return ""
    if why := _thought(wish, wish.needed_gb):
        return f"the job needs {wish.needed_gb} GB{why}: {listing.vram_gb} GB < {wish.needed_gb} GB"
    stated = wish.job.vram_gb is not None and wish.job.vram_gb >= wish.needed_gb
    rule = "vram_gb of the job" if stated else "gpu.min_vram_gb in the policy"
    return f"{rule}: {listing.vram_gb} GB < {wish.needed_gb} GB"


def _thought(wish: _Wish, least_gb: int) -> str:
    """Why the job is thought to need just so much; "" where a human or the policy says it."""
    need = wish.known.need
    return f" ({need.reason})" if need and need.source is not NeedSource.STATED and need.gb == least_gb else ""


def _too_old(listing: Listing, wish: _Wish) -> str:
    asked, gpu = wish.job.min_compute_capability, gpu_of(listing)
    if asked is None:
        return ""
    has = compute_capability(gpu)
    if has is None:
        return f"min_compute_capability: {capability_text(asked)} is asked for, that of {gpu.model} is unknown"
    if has < asked:
        return f"min_compute_capability: {capability_text(has)} < {capability_text(asked)}"
    return ""


def _too_dear(listing: Listing, wish: _Wish) -> str:
    limit = wish.policy.budget.max_price_per_hour
    if listing.price_per_hour <= limit:
        return ""
    return f"max_price_per_hour_usd: {rate(listing.price_per_hour)} > {rate(limit)}"


def _too_long(listing: Listing, wish: _Wish) -> str:
    hours, limit = wish.hours(listing), wish.policy.time.max_hours
    return f"max_hours: {hours} h > {limit} h" if hours > limit else ""


def _over_cap(listing: Listing, wish: _Wish) -> str:
    hours = wish.hours(listing)
    total = reservation(listing.price_per_hour, hours)
    if total <= wish.per_run:
        return ""
    own = wish.per_run < wish.policy.budget.per_run
    rule = "ceiling of this run" if own else "per_run_usd"
    return f"{rule}: {_sum(listing.price_per_hour, hours, total)} > ${usd(wish.per_run)}"


def _quote(listing: Listing, wish: _Wish) -> Quote:
    hours = wish.hours(listing)
    total = reservation(listing.price_per_hour, hours)
    used = math.ceil(Fraction(listing.price_per_hour) * 100 * Fraction(wish.expected) / wish.speed(listing))
    reason = f"{_sum(listing.price_per_hour, hours, total)}; {listing.vram_gb} GB"
    if least := max(wish.needed_gb, wish.known.least_gb):
        reason += f" ≥ {least} GB{_thought(wish, least)}"
    return Quote(listing, hours, total, Cents(min(used, total)), reason)


def _placed(quote: Quote, place: int, count: int) -> Quote:
    rank = f"cheapest of {count} that fit" if place == 1 else f"number {place} of {count} that fit"
    return replace(quote, reason=f"{rank if count > 1 else 'the only one that fits'}: {quote.reason}")


def _rank(quote: Quote) -> tuple[Decimal, Decimal, str]:
    return _cost(quote), quote.listing.price_per_hour, quote.listing.gpu_id


def _cost(quote: Quote) -> Decimal:
    return exact_cents(quote.listing.price_per_hour, quote.hours)


def _sum(price: Decimal, hours: int, total: Cents) -> str:
    return f"{rate(price)} × {hours} h = ${usd(total)}"


def _offered_again(quotes: Iterable[Quote], bad: Mapping[str, str]) -> Iterator[str]:
    ids = (quote.listing.gpu_id for quote in quotes)
    return (f"nothing else fits, so {one} is offered again: {bad[one]}" for one in ids if one in bad)


def _warnings(quotes: Iterable[Quote], wish: _Wish) -> tuple[str, ...]:
    """Names nobody knows, and hours that rest on no published figures."""
    strange = [one for one in wish.job.accelerators if not parse_gpu(one).known]
    models = {gpu_of(quote.listing) for quote in quotes}
    guessed = sorted({gpu.model for gpu in models if gpu.model != wish.reference.model and not speed_known(gpu)})
    return (
        *((need.warning,) if (need := wish.known.need) and need.warning else ()),
        *(f"{one} is no GPU known here; is it spelt right?" for one in strange),
        *(f"the speed of {model} is unknown: its hours are those of an RTX 4090" for model in guessed),
    )
