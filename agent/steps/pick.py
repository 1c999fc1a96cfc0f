"""pick: which GPU, for how many hours, on which rail – and why not the others?"""

from typing import Literal, assert_never

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import endings
from agent.card import note_alternatives
from agent.parts import Parts
from agent.state import State
from agent.steps.discover import thaw_listing
from policies.offer import Offer, Quote, Rail, Rejection
from policies.payment import AskThenPay, Means, PayFromCredits, Refuse, UseCheckout, decide
from policies.selection import Selection, select
from tools.errors import BadCredentials, Malformed, MarketUnavailable, Refused

Verdict = PayFromCredits | AskThenPay | UseCheckout | Refuse


async def pick(state: State, runtime: Runtime[Parts]) -> Command[Literal["rent", "report"]]:
    """Rank what fits, take the first, and note the offer with its reasons in the spend log."""
    parts = runtime.context
    run_id = state["run_id"]
    selection = choose(state, parts)
    for warning in selection.warnings:
        parts.face.tell(run_id, f"warning: {warning}")
    if not selection.quotes:
        ending = endings.refused("no offer fits: " + why_none(selection.rejections))
        return Command(update=ending, goto="report")
    quote = selection.quotes[0]
    verdict = await way_to_pay(parts, run_id, quote)
    if isinstance(verdict, Refuse):
        return Command(update=endings.refused(verdict.reason), goto="report")
    offer = make_offer(parts, run_id, quote, rail_of(verdict))
    parts.log.add_attempt(offer, quote.reason, parts.clock.now())
    note_rejections(parts, run_id, selection.rejections)
    note_alternatives(parts, run_id, selection.quotes)
    parts.face.tell(run_id, f"picked {offer.gpu_name}: {quote.reason}")
    return Command(goto="rent")


def choose(state: State, parts: Parts) -> Selection:
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
        least_vram_gb=state.get("least_vram_gb", 0),
    )


async def way_to_pay(parts: Parts, run_id: str, quote: Quote) -> Verdict:
    """Pay, ask, checkout or refuse, on what is known now; `pay` checks it all again as it reserves."""
    usage = parts.log.usage(run_id, parts.clock.now())
    return decide(quote.total, parts.policy, parts.caps(run_id), usage, await means(parts))


async def means(parts: Parts) -> Means:
    """What there is to pay with. A wrong key is an error of the input and rises."""
    if not parts.account or Rail.CREDITS not in parts.policy.payment.rails:
        return Means(has_key=bool(parts.account), balance=None)
    try:
        balance = await parts.market.balance()
    except BadCredentials:
        raise
    except (MarketUnavailable, Malformed, Refused):
        return Means(has_key=True, balance=None)
    return Means(has_key=True, balance=balance.balance)


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
