"""An offer as a human sees it before saying yes or no."""

import json
from math import ceil

from agent.parts import Parts
from agent.quote import rejected
from policies.money import rate, usd
from policies.offer import Rejection
from tools.spend_log.rows import Approval


def card(parts: Parts, approval: Approval) -> list[str]:
    """What will be bought, why, for how much, out of which budget."""
    offer = approval.offer
    usage = parts.log.usage(offer.run_id, parts.clock.now())
    caps = parts.caps(offer.run_id)
    reason = parts.attempt(offer.run_id).reason
    run_left = caps.per_run - usage.run
    if usage.job is not None:
        run_left = min(run_left, usage.job.budget - usage.job.used)
    left = f"run ${usd(run_left)} · today ${usd(caps.per_day - usage.day)}"
    left += f" · this month ${usd(caps.per_month - usage.month)}"
    minutes = max(0, ceil((approval.expires_at - parts.clock.now()).total_seconds() / 60))
    return [
        f"Buy {offer.gpu_name} ({offer.vram_gb} GB) for {offer.hours} h: ${usd(offer.amount)} from {offer.rail}",
        f"  why     {reason}",
        f"  price   {rate(offer.price_per_hour)} × {offer.hours} h, gpu_id {offer.gpu_id}",
        f"  before  {left} are left",
        f"  job     sha256 {offer.job_sha256[:16]}, run {offer.run_id}",
        f"  expires in {minutes} min",
    ]


def rejections_of(parts: Parts, run_id: str) -> list[dict[str, object]]:
    """Why not another GPU, as the last `pick` saw it."""
    noted = [event for event in parts.log.events(run_id) if event.kind == "rejected"]
    if not noted:
        return []
    reasons: dict[str, str] = json.loads(noted[-1].body)
    return [rejected(Rejection(gpu_id, reason)) for gpu_id, reason in reasons.items()]
