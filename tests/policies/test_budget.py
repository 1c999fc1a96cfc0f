from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.budget import CapName, Caps, Shared, Usage, first_cap_broken
from policies.money import Cents
from policies.policy import DEFAULT, caps_for, read_policy

CAPS = Caps(
    per_run=Cents(1000),
    per_day=Cents(2500),
    per_month=Cents(25000),
    open_pods=4,
    auto_pay=Cents(500),
    auto_pay_per_day=Cents(800),
)
NOTHING = Usage(run=Cents(0), day=Cents(0), month=Cents(0), auto_day=Cents(0), open_pods=0)

EDGES: list[tuple[CapName, Usage, int]] = [
    ("per_run_usd", replace(NOTHING, run=Cents(900)), 100),
    ("per_day_usd", replace(NOTHING, day=Cents(2400)), 100),
    ("per_month_usd", replace(NOTHING, month=Cents(24900)), 100),
    ("job_budget_usd", replace(NOTHING, job=Shared(Cents(300), Cents(400))), 100),
    ("batch_budget_usd", replace(NOTHING, batch=Shared(Cents(300), Cents(400))), 100),
]


@pytest.mark.parametrize(("cap", "usage", "left"), EDGES)
@pytest.mark.parametrize("auto", [False, True])
def test_money_up_to_a_cap_is_allowed_and_a_cent_more_is_not(
    cap: CapName, usage: Usage, left: int, *, auto: bool
) -> None:
    """Equal to a cap fits; one cent over breaks that cap and no other, whether a human approved or not."""
    assert first_cap_broken(Cents(left), usage, CAPS, auto=auto) is None
    hit = first_cap_broken(Cents(left + 1), usage, CAPS, auto=auto)
    assert hit is not None
    assert hit.cap == cap


def test_one_order_without_a_human_may_cost_the_limit_exactly() -> None:
    """`auto_pay_usd` is about one order, whatever was paid before."""
    assert first_cap_broken(Cents(500), NOTHING, CAPS, auto=True) is None
    hit = first_cap_broken(Cents(501), NOTHING, CAPS, auto=True)
    assert hit is not None
    assert hit.cap == "auto_pay_usd"
    assert first_cap_broken(Cents(501), NOTHING, CAPS, auto=False) is None


def test_a_day_without_a_human_may_cost_the_limit_exactly() -> None:
    """`auto_pay_per_day_usd` counts what was paid today without a human."""
    usage = replace(NOTHING, auto_day=Cents(700))
    assert first_cap_broken(Cents(100), usage, CAPS, auto=True) is None
    hit = first_cap_broken(Cents(101), usage, CAPS, auto=True)
    assert hit is not None
    assert hit.cap == "auto_pay_per_day_usd"
    assert first_cap_broken(Cents(101), usage, CAPS, auto=False) is None


def test_the_last_pod_may_be_opened_and_no_more() -> None:
    """With three of four open a fourth fits; with four open none does."""
    assert first_cap_broken(Cents(1), replace(NOTHING, open_pods=3), CAPS, auto=False) is None
    hit = first_cap_broken(Cents(1), replace(NOTHING, open_pods=4), CAPS, auto=False)
    assert hit is not None
    assert hit.cap == "max_open_pods"
    assert hit.message == "max_open_pods = 4: 4 are open or not proven gone"


def test_the_narrowest_place_is_named_first() -> None:
    """Where several caps break, the run's own is told, then the day's, then the month's, with every figure."""
    usage = Usage(run=Cents(999), day=Cents(2499), month=Cents(24999), auto_day=Cents(799), open_pods=4)
    hit = first_cap_broken(Cents(2), usage, CAPS, auto=True)
    assert hit is not None
    assert hit.message == (
        "per_run_usd = $10.00 for this run: $0.02 more than the $9.99 already counted would be $10.01"
    )


@given(st.integers(0, 10_000_000), st.none() | st.integers(0, 10_000_000))
def test_a_ceiling_only_lowers_the_cap_of_a_run(per_run: int, ceiling: int | None) -> None:
    """Whatever a job or `--max-usd` says, no cap of the policy rises, and no other one moves."""
    policy = replace(DEFAULT, budget=replace(DEFAULT.budget, per_run=Cents(per_run)))
    caps = caps_for(policy, None if ceiling is None else Cents(ceiling))
    assert caps.per_run == min(per_run, per_run if ceiling is None else ceiling)
    assert replace(caps, per_run=Cents(per_run)) == caps_for(policy, None)


def test_caps_are_the_policys_own() -> None:
    """Each figure comes from its own key."""
    caps = caps_for(read_policy('[payment]\nauto_pay_usd = "1"\nauto_pay_per_day_usd = "2"', "p"), None)
    assert (caps.per_run, caps.per_day, caps.per_month, caps.open_pods) == (1000, 2500, 25000, 4)
    assert (caps.auto_pay, caps.auto_pay_per_day) == (100, 200)
