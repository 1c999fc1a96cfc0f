"""pick: which GPU, for how many hours, on which rail – and why not the others?"""

from dataclasses import dataclass
from typing import Literal, assert_never

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.account import means
from agent.card import beside, note_alternatives
from agent.mind.choose import MOST_OFFERS
from agent.parts import Parts
from agent.preference import preferred
from agent.state import State
from agent.steps.discover import thaw_listing
from agent.used_before import known_of_run
from policies.money import usd
from policies.offer import Offer, Quote, Rail, Rejection
from policies.payment import AskThenPay, PayFromCredits, Refuse, UseCheckout, decide
from policies.selection import Selection, choosable, select
from policies.wish import NO_WISH, Wish

Verdict = PayFromCredits | AskThenPay | UseCheckout | Refuse


async def pick(state: State, runtime: Runtime[Parts]) -> Command[Literal["rent", "report"]]:
    """Rank what fits, take the first or what a model prefers to it, and note the offer with its reasons.

    A wish that can't be met ends no run: the offer is as it was before, says why, and `rent` asks about it.
    """
    parts = runtime.context
    run_id = state["run_id"]
    choice, unmet = await as_wished(state, parts)
    for warning in choice.selection.warnings:
        parts.face.tell(run_id, f"warning: {warning}")
    if isinstance(choice.verdict, Refuse):
        return Command(update=endings.refused(choice.verdict.reason), goto="report")
    rail = rail_of(choice.verdict)
    quote, why = await taken(parts, run_id, choice, rail)
    offer = make_offer(parts, run_id, quote, rail)
    parts.log.add_attempt(offer, f"{unmet}{why}", parts.clock.now())
    note_rejections(parts, run_id, choice.selection.rejections)
    note_alternatives(parts, run_id, quote, choice.selection.quotes)
    parts.face.tell(run_id, f"{unmet}picked {offer.gpu_name}: {why}")
    return Command(goto="rent")


@dataclass(frozen=True, slots=True)
class Choice:
    """What there is under a wish, and how the first of it would be paid."""

    selection: Selection
    verdict: Verdict
    wish: Wish


async def as_wished(state: State, parts: Parts) -> tuple[Choice, str]:
    """What to offer under the last wish that can be met, and why a later one can't ("" where there is none)."""
    unmet = ""
    for wished in reversed(parts.log.wishes(state["run_id"])):
        choice = await choose(state, parts, wished.wish)
        if not isinstance(choice.verdict, Refuse):
            return choice, unmet
        unmet = unmet or f"{wished.wish} can't be had: {choice.verdict.reason}; "
    return await choose(state, parts, NO_WISH), unmet


async def choose(state: State, parts: Parts, wish: Wish) -> Choice:
    """What to offer under a wish, or why nothing is."""
    run_id = state["run_id"]
    selection = rank(state, parts, wish.hours)
    if not selection.quotes:
        rejections = selection.rejections
        of = rejections if wish == NO_WISH else _last(parts, run_id, rejections)
        return Choice(selection, Refuse("no offer fits: " + why_none(of)), wish)
    return Choice(selection, await way_to_pay(parts, run_id, selection.quotes[0], wish.rail), wish)


def _last(parts: Parts, run_id: str, rejections: tuple[Rejection, ...]) -> tuple[Rejection, ...]:
    """Of the GPU that a human was offered last, and wished something about; all where it is not listed."""
    offered = parts.attempt(run_id).offer.gpu_id
    return tuple(item for item in rejections if item.gpu_id == offered) or rejections


async def taken(parts: Parts, run_id: str, choice: Choice, rail: Rail) -> tuple[Quote, str]:
    """The quote to offer, with its reasons: the first, or another that a model prefers and that is paid alike."""
    first = choice.selection.quotes[0]
    preference = await preferred(parts, run_id, _open_to_choice(parts, run_id, choice.selection, rail))
    if preference is None:
        return first, first.reason
    if preference.quote is None:
        return first, f"{first.reason}; {preference.model} named none of the offers"
    quote = preference.quote
    if quote == first:
        return first, f"{first.reason}; chosen by {preference.said}"
    verdict = await way_to_pay(parts, run_id, quote, choice.wish.rail)
    if type(verdict) is not type(choice.verdict):
        name, cost = quote.listing.name, usd(quote.total)
        return first, f"{first.reason}; {preference.model} prefers {name} for ${cost}, but {verdict.reason}"
    return quote, f"{quote.reason}, {beside(first, quote)}; chosen by {preference.said}"


def _open_to_choice(parts: Parts, run_id: str, selection: Selection, rail: Rail) -> tuple[Quote, ...]:
    """What a model may choose among. Nothing dearer than the first where it would be at the cost of later pods or other
    jobs: a yes given ahead and the budget of a batch are counted out in first-ranked offers.
    """
    quotes = choosable(selection, parts.policy.gpu.max_premium, MOST_OFFERS)
    granted = parts.log.covering_grant(make_offer(parts, run_id, quotes[0], rail), parts.clock.now())
    if granted is None and parts.log.batch_of(run_id) is None:
        return quotes
    return tuple(quote for quote in quotes if quote.total <= quotes[0].total)


def rank(state: State, parts: Parts, hours: int | None) -> Selection:
    """Rank the listings in the state for the job, this run's own ceiling and memories included."""
    run = parts.run(state["run_id"])
    listings = [thaw_listing(frozen) for frozen in state.get("listings", [])]
    job = parts.job(run.run_id)
    return select(
        listings,
        job,
        parts.policy,
        run.ceiling,
        exclude=state.get("avoid", {}),
        bad=parts.log.bad_gpus(parts.clock.now()),
        known=known_of_run(parts, run.run_id, state.get("least_vram_gb", 0)),
        hours=hours,
    )


async def way_to_pay(parts: Parts, run_id: str, quote: Quote, only: Rail | None) -> Verdict:
    """Pay, ask, checkout or refuse, on what is known now; `pay` checks it all again as it reserves."""
    usage = parts.log.usage(run_id, parts.clock.now())
    return decide(quote.total, parts.policy, parts.caps(run_id), usage, await means(parts), only)


def rail_of(verdict: PayFromCredits | AskThenPay | UseCheckout) -> Rail:
    """The one rail of the offer."""
    match verdict:
        case PayFromCredits() | AskThenPay():
            return Rail.CREDITS
        case UseCheckout():
            return Rail.STRIPE
        case _:
            assert_never(verdict)


def make_offer(parts: Parts, run_id: str, quote: Quote, rail: Rail) -> Offer:
    """The offer exactly as an approval is bound to it."""
    run = parts.run(run_id)
    return Offer(
        run_id=run_id,
        attempt=len(parts.log.attempts(run_id)) + 1,
        gpu_id=quote.listing.gpu_id,
        gpu_name=quote.listing.name,
        vram_gb=quote.listing.vram_gb,
        price_per_hour=quote.listing.price_per_hour,
        hours=quote.hours,
        amount=quote.total,
        rail=rail,
        account=parts.account,
        base_url=parts.base_url,
        job_sha256=run.job_sha256,
    )


def why_none(rejections: tuple[Rejection, ...]) -> str:
    """Every rejected offer with its reason, on one line."""
    return "; ".join(f"{item.gpu_id}: {item.reason}" for item in rejections) or "none is listed"


def note_rejections(parts: Parts, run_id: str, rejections: tuple[Rejection, ...]) -> None:
    """Keep the reasons, so that `show` can say why not another."""
    reasons: dict[str, object] = {item.gpu_id: item.reason for item in rejections}
    parts.log.note(run_id, "rejected", reasons, parts.clock.now())
