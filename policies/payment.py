"""How an order would be paid: from credits, from credits once a human said yes, by a checkout link, or not at all."""

from dataclasses import dataclass
from typing import assert_never

from policies.budget import Caps, Usage, first_cap_broken
from policies.money import Cents, usd
from policies.offer import Rail
from policies.policy import Policy


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to pay with."""

    has_key: bool
    balance: Cents | None
    """Credits in cents; None where they could not be read."""


@dataclass(frozen=True, slots=True)
class PayFromCredits:
    """Within the auto-pay limits: no human is asked."""

    reason: str


@dataclass(frozen=True, slots=True)
class AskThenPay:
    """Credits suffice, and a human must say yes first."""

    reason: str


@dataclass(frozen=True, slots=True)
class UseCheckout:
    """A human pays a checkout link; paying it is the approval."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """No rail may or can pay this."""

    reason: str


Decision = PayFromCredits | AskThenPay | UseCheckout | Refuse


def decide(amount: Cents, policy: Policy, caps: Caps, usage: Usage, means: Means, only: Rail | None = None) -> Decision:
    """The first of the policy's rails that can pay `amount`; a broken cap refuses whatever the rail.

    Args:
        only: the one rail that a human wants.
    """
    if hit := first_cap_broken(amount, usage, caps, auto=False):
        return Refuse(hit.message)
    impossible: list[str] = []
    for rail in policy.payment.rails:
        if only not in {None, rail}:
            continue
        match rail:
            case Rail.CREDITS:
                if not (obstacle := _credits_obstacle(amount, means)):
                    return _from_credits(amount, usage, caps)
                impossible.append(obstacle)
            case Rail.STRIPE:
                why = "".join(f"; {obstacle}" for obstacle in impossible)
                return UseCheckout(f"${usd(amount)} by checkout link{why}")
            case _:
                assert_never(rail)
    if only is not None and not impossible:
        return Refuse(f'payment.rails in the policy does not have "{only}"')
    return Refuse(_no_rail(impossible))


def _credits_obstacle(amount: Cents, means: Means) -> str:
    if not means.has_key:
        return "credits need GPUHOG_API_KEY, which is not set"
    if means.balance is None:
        return "the credit balance could not be read"
    if means.balance < amount:
        return f"${usd(means.balance)} of credits are short of ${usd(amount)}"
    return ""


def _from_credits(amount: Cents, usage: Usage, caps: Caps) -> PayFromCredits | AskThenPay:
    if hit := first_cap_broken(amount, usage, caps, auto=True):
        return AskThenPay(f"a human must say yes: {hit.message}")
    return PayFromCredits(f"${usd(amount)} from credits, within auto_pay_usd = ${usd(caps.auto_pay)}")


def _no_rail(impossible: list[str]) -> str:
    if not impossible:
        return 'payment.rails in the policy is empty; name "credits" or "stripe" there'
    return f'{"; ".join(impossible)}; buy a pack of credits, or add "stripe" to payment.rails in the policy'
