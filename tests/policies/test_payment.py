from dataclasses import replace

import pytest

from policies.budget import Usage
from policies.money import Cents
from policies.offer import Rail
from policies.payment import AskThenPay, Decision, Means, PayFromCredits, Refuse, UseCheckout, decide
from policies.policy import Payment, Policy, caps_for

NOTHING = Usage(run=Cents(0), day=Cents(0), month=Cents(0), auto_day=Cents(0), open_pods=0)
RICH = Means(has_key=True, balance=Cents(100_000))
AUTO = Payment(auto_pay=Cents(100), auto_pay_per_day=Cents(150))


def decision(
    amount: int, payment: Payment = AUTO, means: Means = RICH, usage: Usage = NOTHING, ceiling: Cents | None = None
) -> Decision:
    policy = Policy(payment=payment)
    return decide(Cents(amount), policy, caps_for(policy, ceiling), usage, means)


def test_credits_within_the_auto_limits_need_no_human() -> None:
    """One order of exactly `auto_pay_usd` is paid."""
    assert decision(100) == PayFromCredits("$1.00 from credits, within auto_pay_usd = $1.00")


def test_one_cent_over_auto_pay_asks_and_names_the_limit() -> None:
    """A human is asked, and told which limit was met."""
    found = decision(101)
    assert isinstance(found, AskThenPay)
    assert "auto_pay_usd = $1.00" in found.reason


def test_the_auto_limit_of_the_day_asks_too() -> None:
    """$0.50 without a human today leaves exactly $1.00 of $1.50."""
    usage = replace(NOTHING, auto_day=Cents(50))
    assert isinstance(decision(100, usage=usage), PayFromCredits)
    found = decision(100, usage=replace(NOTHING, auto_day=Cents(51)))
    assert isinstance(found, AskThenPay)
    assert "auto_pay_per_day_usd = $1.50" in found.reason


def test_the_defaults_always_ask() -> None:
    """Out of the box not one cent leaves without a human."""
    assert isinstance(decision(1, payment=Payment()), AskThenPay)


def test_a_balance_of_exactly_the_amount_is_enough() -> None:
    """Equal suffices; one cent short goes to the next rail, which says why."""
    assert isinstance(decision(100, means=Means(has_key=True, balance=Cents(100))), PayFromCredits)
    found = decision(100, means=Means(has_key=True, balance=Cents(99)))
    assert found == UseCheckout("$1.00 by checkout link; $0.99 of credits are short of $1.00")


@pytest.mark.parametrize(
    ("means", "why"),
    [
        (Means(has_key=False, balance=None), "GPUHOG_API_KEY"),
        (Means(has_key=False, balance=Cents(100_000)), "GPUHOG_API_KEY"),
        (Means(has_key=True, balance=None), "could not be read"),
        (Means(has_key=True, balance=Cents(0)), "$0.00 of credits are short"),
    ],
)
def test_credits_that_cannot_pay_give_way_to_checkout_or_refuse(means: Means, why: str) -> None:
    """The next rail is taken; with none left the refusal says why, and the remedy."""
    assert isinstance(decision(100, means=means), UseCheckout)
    found = decision(100, payment=replace(AUTO, rails=(Rail.CREDITS,)), means=means)
    assert isinstance(found, Refuse)
    assert why in found.reason
    assert "buy a pack" in found.reason
    assert '"stripe"' in found.reason


def test_rails_are_tried_in_the_policys_order() -> None:
    """Stripe named first is taken though credits would do, and stripe alone never touches credits."""
    assert decision(100, payment=replace(AUTO, rails=(Rail.STRIPE, Rail.CREDITS))) == UseCheckout(
        "$1.00 by checkout link"
    )
    assert isinstance(decision(100, payment=replace(AUTO, rails=(Rail.STRIPE,))), UseCheckout)


def test_no_rail_at_all_is_refused() -> None:
    """An empty list is a policy that pays nothing, and the reason says so."""
    found = decision(1, payment=replace(AUTO, rails=()))
    assert isinstance(found, Refuse)
    assert "payment.rails" in found.reason


@pytest.mark.parametrize("rails", [(Rail.CREDITS,), (Rail.STRIPE,), (Rail.CREDITS, Rail.STRIPE)])
@pytest.mark.parametrize(
    ("usage", "cap"),
    [
        (replace(NOTHING, run=Cents(901)), "per_run_usd"),
        (replace(NOTHING, day=Cents(2401)), "per_day_usd"),
        (replace(NOTHING, month=Cents(24901)), "per_month_usd"),
        (replace(NOTHING, open_pods=4), "max_open_pods"),
    ],
)
def test_a_broken_cap_refuses_whatever_the_rail(rails: tuple[Rail, ...], usage: Usage, cap: str) -> None:
    """One cent over any cap is a refusal that names it, even where a human could pay by link."""
    found = decision(100, payment=replace(AUTO, rails=rails), usage=usage)
    assert isinstance(found, Refuse)
    assert found.reason.startswith(cap)


def test_a_runs_own_ceiling_refuses_too() -> None:
    """Equal to the ceiling is paid, one cent over is not."""
    assert isinstance(decision(100, ceiling=Cents(100)), PayFromCredits)
    assert isinstance(decision(100, ceiling=Cents(99)), Refuse)


def test_a_human_may_name_the_rail() -> None:
    """Then no other is tried, though it could pay; one that the policy does not have is refused."""
    policy, broke = Policy(payment=Payment()), Means(has_key=True, balance=Cents(0))

    def on(rail: Rail, policy: Policy, means: Means) -> Decision:
        return decide(Cents(100), policy, caps_for(policy, None), NOTHING, means, rail)

    assert on(Rail.STRIPE, policy, RICH) == UseCheckout("$1.00 by checkout link")
    assert isinstance(on(Rail.CREDITS, policy, RICH), AskThenPay)
    short = on(Rail.CREDITS, policy, broke)
    assert isinstance(short, Refuse)
    assert short.reason.startswith("$0.00 of credits are short of $1.00")
    credits_only = Policy(payment=Payment(rails=(Rail.CREDITS,)))
    assert on(Rail.STRIPE, credits_only, RICH) == Refuse('payment.rails in the policy does not have "stripe"')
    capped = decide(Cents(100), policy, caps_for(policy, Cents(99)), NOTHING, RICH, Rail.STRIPE)
    assert isinstance(capped, Refuse)
