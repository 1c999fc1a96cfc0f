"""Caps: what one more purchase would break, checked over all that is not final plus all that was spent (law 3)."""

from dataclasses import dataclass
from typing import Literal

from policies.money import Cents, usd

CapName = Literal[
    "per_run_usd",
    "per_day_usd",
    "per_month_usd",
    "job_budget_usd",
    "batch_budget_usd",
    "max_open_pods",
    "auto_pay_usd",
    "auto_pay_per_day_usd",
]


@dataclass(frozen=True, slots=True)
class Caps:
    """The ceilings in force for one run: the policy's, or the job's or `--max-usd` where lower."""

    per_run: Cents
    per_day: Cents
    per_month: Cents
    open_pods: int
    auto_pay: Cents
    auto_pay_per_day: Cents


@dataclass(frozen=True, slots=True)
class Shared:
    """A budget that several runs share, and what all of them used of it."""

    used: Cents
    budget: Cents


@dataclass(frozen=True, slots=True)
class Usage:
    """What counts toward each cap now. Money that is not final counts in every period; days and months are UTC."""

    run: Cents
    day: Cents
    month: Cents
    auto_day: Cents
    """Paid or reserved today without a human."""
    open_pods: int
    """Orders not proven gone, plus charges not final that have no order yet."""
    job: Shared | None = None
    """Where the run is one try of a batch's job that has a ceiling: what all its tries share."""
    batch: Shared | None = None
    """Where the run is one of a batch that has a budget."""


@dataclass(frozen=True, slots=True)
class CapHit:
    """A cap that the purchase would break, with the figures a human needs."""

    cap: CapName
    message: str

    @property
    def needs_a_human(self) -> bool:
        """Whether it is a limit for paying without one, which a human's yes lifts."""
        return self.cap in {"auto_pay_usd", "auto_pay_per_day_usd"}


def first_cap_broken(amount: Cents, usage: Usage, caps: Caps, *, auto: bool) -> CapHit | None:
    """The first cap that `amount` on top of `usage` would exceed; equal to a cap is allowed.

    Args:
        auto: no human approved this purchase, so the auto-pay limits hold too.
    """
    money: list[tuple[CapName, Cents, Cents, str]] = [
        ("per_run_usd", usage.run, caps.per_run, "this run"),
        ("per_day_usd", usage.day, caps.per_day, "today (UTC)"),
        ("per_month_usd", usage.month, caps.per_month, "this month (UTC)"),
    ]
    if usage.job is not None:
        money.append(("job_budget_usd", usage.job.used, usage.job.budget, "all tries of this job"))
    if usage.batch is not None:
        money.append(("batch_budget_usd", usage.batch.used, usage.batch.budget, "the whole batch"))
    if auto:
        money.append(("auto_pay_usd", Cents(0), caps.auto_pay, "one order without a human"))
        money.append(("auto_pay_per_day_usd", usage.auto_day, caps.auto_pay_per_day, "today without a human"))
    for name, used, cap, where in money:
        if used + amount > cap:
            return CapHit(name, _over(name, amount, used, cap, where))
    if usage.open_pods >= caps.open_pods:
        return CapHit(
            "max_open_pods", f"max_open_pods = {caps.open_pods}: {usage.open_pods} are open or not proven gone"
        )
    return None


def _over(name: CapName, amount: Cents, used: Cents, cap: Cents, where: str) -> str:
    counted = f"${usd(amount)} more than the ${usd(used)} already counted"
    return f"{name} = ${usd(cap)} for {where}: {counted} would be ${usd(used + amount)}"
