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
        run_id: which run, for a human.
        ran_out: the job died of it, so that its peak says only what is too little.
    """

    peak_gb: Decimal
    had_gb: int
    run_id: str
    ran_out: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """What a job needs.

    Attributes:
        gb: whole GB, headroom included where nobody stated it.
        reason: for a human.
        warning: what speaks against a human's word, or "".
    """

    gb: int
    source: NeedSource
    reason: str
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the GPU memory that a run's job needs, beside its job file.

    Attributes:
        need: by all that was ever known of the job, its `vram_gb` included; None: that alone counts.
        least_gb: what is needed after a pod of this very run that was too small; 0 where none was.
    """

    need: Need | None = None
    least_gb: int = 0


NOTHING_MORE = Known()


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
    ran_out = max((use for use in used_before if use.ran_out), key=lambda use: use.had_gb, default=None)
    least, died = (ran_out.had_gb + 1, _died(ran_out)) if ran_out else (0, "")
    if stated is not None:
        against = f"{stated} GB of VRAM are stated, but {died}" if stated < least else ""
        return Need(stated, NeedSource.STATED, f"{stated} GB stated", against)
    also = f"; {died}" if died else ""
    finished = [use for use in used_before if not use.ran_out]
    if finished:
        gb, why = _measured(finished, headroom)
        return Need(max(gb, least), NeedSource.MEASURED, f"{why}{also}")
    if estimated is not None:
        gb = max(_with_headroom(estimated, headroom), least)
        return Need(gb, NeedSource.ESTIMATED, f"{estimated:.1f} GB estimated{also}")
    return Need(least, NeedSource.MEASURED, died) if ran_out else None


def _died(use: PeakUse) -> str:
    return f"{use.run_id} ran out of memory with {use.had_gb} GB"


def _measured(finished: Sequence[PeakUse], headroom: Decimal) -> tuple[int, str]:
    """Whole GB by the highest peak, at most those of the smallest GPU that was enough; and why, for a human."""
    highest, enough = max(finished, key=lambda use: use.peak_gb), min(use.had_gb for use in finished)
    wanted, peak = _with_headroom(highest.peak_gb, headroom), f"peak of {highest.peak_gb:.1f} GB in {highest.run_id}"
    if wanted > enough:
        return enough, f"{peak}, {enough} GB were enough"
    return wanted, f"{peak} + {(headroom * 100).normalize():f} %"


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
