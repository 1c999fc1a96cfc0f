"""How much GPU memory a listing must offer."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from policies.diagnosis import MOST_GB, OutOfMemory


class NeedSource(StrEnum):
    """Who says how much a job needs."""

    STATED = "stated"
    MEASURED = "measured"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class PeakUse:
    """What an earlier run of the same job used.

    Attributes:
        peak_gb: the most of its GPU's memory that was in use, in GiB.
        had_gb: whole GB of that GPU.
        ran_out: the job died of it, so that its peak says only what is too little.
    """

    peak_gb: Decimal
    had_gb: int
    ran_out: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """What a job needs.

    Attributes:
        gb: whole GB, headroom included where nobody stated it.
        reason: for a human.
    """

    gb: int
    source: NeedSource
    reason: str


def thought_gb(
    stated: int | None, used_before: Sequence[PeakUse], estimated: Decimal | None, headroom: Decimal
) -> Need | None:
    """What a job needs by the best that is known: a human's word, then what it used, then an estimate; None by nothing.

    A GPU that a run was finished on is enough, whatever headroom would add: some programs take all of the memory there
    is. One that a run ran out of memory on is too little, whatever else is thought.

    Args:
        stated: whole GB that a human gave.
        used_before: runs of the same job, in any order.
        estimated: GiB.
        headroom: share to keep free over a peak and over an estimate.
    """
    too_little = max((use.had_gb for use in used_before if use.ran_out), default=0)
    died = f"; a run with {too_little} GB ran out of memory" if too_little else ""
    finished = [use for use in used_before if not use.ran_out]
    if stated is not None:
        return Need(stated, NeedSource.STATED, f"{stated} GB stated{died}")
    if finished:
        peak, enough = max(use.peak_gb for use in finished), min(use.had_gb for use in finished)
        gb = max(min(_with_headroom(peak, headroom), enough), too_little + 1)
        return Need(gb, NeedSource.MEASURED, f"{peak:.1f} GB used before, {enough} GB were enough{died}")
    if estimated is not None:
        gb = max(_with_headroom(estimated, headroom), too_little + 1)
        return Need(gb, NeedSource.ESTIMATED, f"{estimated:.1f} GB estimated{died}")
    if too_little:
        return Need(too_little + 1, NeedSource.MEASURED, died.removeprefix("; "))
    return None


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
