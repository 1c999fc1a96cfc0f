"""How much GPU memory a listing must offer."""

from decimal import ROUND_CEILING, Decimal

from policies.diagnosis import MOST_GB, OutOfMemory


def needed_gb(job_gb: int | None, policy_min_gb: int, headroom: Decimal, *, thought: bool = False) -> int:
    """Whole GB that a listing must have at least; never less than the policy's own minimum.

    Args:
        job_gb: what the job needs, or None where nobody said.
        headroom: share to keep free over a need that was only thought.
        thought: `job_gb` is an estimate. What a human stated is taken as it stands.
    """
    if job_gb is None:
        return policy_min_gb
    need = _with_headroom(job_gb, headroom) if thought else job_gb
    return max(need, policy_min_gb)


def needed_after(failure: OutOfMemory, had_gb: int, headroom: Decimal) -> int:
    """Whole GB that the next GPU must have after a job ran out of memory on one with `had_gb`; always more than that.

    What was in use and what was tried, where the log says both; headroom over it, as over any need only thought.
    """
    tried, used = failure.tried_gb or Decimal(0), failure.used_gb
    need = max(tried, Decimal(had_gb)) if used is None else used + tried
    return max(min(_with_headroom(need, headroom), int(MOST_GB)), had_gb + 1)


def _with_headroom(job_gb: int | Decimal, headroom: Decimal) -> int:
    return int((job_gb * (1 + headroom)).to_integral_value(ROUND_CEILING))
