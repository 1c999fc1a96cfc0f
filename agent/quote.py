"""quote: the same rules as a run, and nothing bought."""

from dataclasses import dataclass

from agent.account import means
from agent.parts import Parts
from policies.job import Job, job_fields
from policies.money import Cents, price_text, usd
from policies.offer import Listing, Quote, Rejection
from policies.payment import AskThenPay, PayFromCredits, Refuse, UseCheckout, decide
from policies.policy import Policy, caps_for
from policies.selection import select
from policies.vram import NOTHING_MORE, Known


@dataclass(frozen=True, slots=True)
class QuoteResult:
    """What `quote --json` prints, typed."""

    job: Job
    quotes: tuple[Quote, ...]
    rejections: tuple[Rejection, ...]
    warnings: tuple[str, ...]
    decision: str
    reason: str

    def document(self, policy: Policy) -> dict[str, object]:
        """CONTRACT §6, with the job's estimates filled in."""
        fields = job_fields(self.job)
        if fields["hours"] is None:
            fields["hours"] = policy.time.default_hours
        return {
            "job": fields,
            "offers": [_offer(quote) for quote in self.quotes],
            "rejected": [rejected(rejection) for rejection in self.rejections],
            "decision": self.decision,
            "reason": self.reason,
        }


async def quote(parts: Parts, job: Job, ceiling: Cents | None, known: Known = NOTHING_MORE) -> QuoteResult:
    """Ask the market and the rules.

    Args:
        known: what earlier runs say of the GPU memory that the job needs.

    Raises:
        MarketUnavailable, Refused, Malformed: the list of GPUs can't be read.
    """
    lower = min((cap for cap in (job.budget, ceiling) if cap is not None), default=None)
    bad = parts.log.bad_gpus(parts.clock.now())
    selection = select(await parts.market.gpus(), job, parts.policy, lower, bad=bad, known=known)
    if not selection.quotes:
        return QuoteResult(job, (), selection.rejections, selection.warnings, "refuse", "no offer fits")
    frozen = parts.log.frozen()
    if frozen is not None:
        reason = f"spending is frozen: {frozen}"
        return QuoteResult(job, selection.quotes, selection.rejections, selection.warnings, "refuse", reason)
    best = selection.quotes[0]
    usage = parts.log.usage("", parts.clock.now())
    verdict = decide(best.total, parts.policy, caps_for(parts.policy, lower), usage, await means(parts))
    return QuoteResult(job, selection.quotes, selection.rejections, selection.warnings, _word(verdict), verdict.reason)


def _word(verdict: PayFromCredits | AskThenPay | UseCheckout | Refuse) -> str:
    match verdict:
        case PayFromCredits():
            return "pay"
        case AskThenPay():
            return "ask"
        case UseCheckout():
            return "checkout"
        case Refuse():
            return "refuse"


def listed(listing: Listing) -> dict[str, object]:
    """A GPU as `gpus --json` prints it."""
    return {
        "gpu_id": listing.gpu_id,
        "name": listing.name,
        "vram_gb": listing.vram_gb,
        "price_per_hour_usd": price_text(listing.price_per_hour),
        "tier": listing.tier,
    }


def _offer(quote: Quote) -> dict[str, object]:
    return {
        **listed(quote.listing),
        "hours": quote.hours,
        "total_usd": usd(quote.total),
        "cost_to_finish_usd": usd(quote.cost_to_finish),
        "reason": quote.reason,
    }


def rejected(rejection: Rejection) -> dict[str, object]:
    """A rejected GPU as JSON prints it."""
    return {"gpu_id": rejection.gpu_id, "reason": rejection.reason}
