"""Every cap holds over all that is not final plus all that was spent (law 3)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from policies.budget import CapHit
from policies.charge import FINAL, ChargeState, LinkExpired, LinkShown, Paid, ProvenGone, Released
from policies.money import Cents
from policies.offer import Rail
from tests.tools.spend_log.things import (
    ME,
    NOW,
    a_charge,
    an_offer,
    an_order,
    approved,
    held,
    in_state,
    new_run,
    offered,
    reserve,
    settled,
    spent,
    wide,
)
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge, Kind

COUNTED = sorted(set(ChargeState) - {ChargeState.RELEASED, ChargeState.REFUND, ChargeState.TOPUP})


def hit(result: object) -> str:
    assert isinstance(result, CapHit), result
    return result.cap


@pytest.mark.parametrize(("cap", "name"), [("per_day", "per_day_usd"), ("per_month", "per_month_usd")])
def test_money_of_other_runs_counts_to_the_cent(log: SpendLog, cap: str, name: str) -> None:
    """Up to a cap exactly is allowed, a cent more is not; what other runs spent counts."""
    spent(log, "other", 600)
    assert hit(reserve(log, an_offer("b", 401), caps=wide(**{cap: 1000}))) == name
    assert isinstance(reserve(log, an_offer("c", 400), caps=wide(**{cap: 1000})), Charge)


def test_the_cap_of_a_run_counts_that_run_alone(log: SpendLog) -> None:
    """A second attempt may use what the first left, to the cent; another run's money is not in it."""
    spent(log, "run-1", 600)
    spent(log, "other", 9000)
    caps = wide(per_run=1000)
    assert hit(reserve(log, an_offer(attempt=2, amount=401), caps=caps, charge_id="c2")) == "per_run_usd"
    assert isinstance(reserve(log, an_offer(attempt=3, amount=400), caps=caps, charge_id="c3"), Charge)


def test_one_order_without_a_human_to_the_cent(log: SpendLog) -> None:
    """auto_pay_usd bounds one order, and only when nobody approved it."""
    assert hit(reserve(log, an_offer("a", 501), caps=wide(auto_pay=500))) == "auto_pay_usd"
    assert isinstance(reserve(log, an_offer("b", 500), caps=wide(auto_pay=500)), Charge)
    offer = an_offer("c", 501, account="key-c")
    assert isinstance(log.reserve("c", offer, wide(auto_pay=500), NOW, approved(log, offer)), Charge)


def test_a_day_without_a_human_to_the_cent(log: SpendLog) -> None:
    """auto_pay_per_day_usd counts what was paid or reserved without a human, and not what a human approved."""
    human = an_offer("human", 5000, account="key-h")
    assert isinstance(log.reserve("h", human, wide(), NOW, approved(log, human)), Charge)
    spent(log, "earlier", 300)
    held(log, an_offer("waiting", 300, account="key-w"))
    caps = wide(auto_pay_per_day=1000)
    assert hit(reserve(log, an_offer("b", 401), caps=caps)) == "auto_pay_per_day_usd"
    assert isinstance(reserve(log, an_offer("c", 400), caps=caps), Charge)


def test_a_checkout_is_not_bound_by_the_auto_limits(log: SpendLog) -> None:
    """Paying the link is the approval: with auto-pay off a link may be made, and it uses nothing of the auto limits."""
    charge = reserve(log, an_offer(rail=Rail.STRIPE), caps=wide(auto_pay=0, auto_pay_per_day=0))
    assert isinstance(charge, Charge)
    assert charge.auto is False
    assert log.usage("run-1", NOW).auto_day == 0


def test_pods_open_up_to_the_cap(log: SpendLog) -> None:
    """Charges that are not final and orders not proven gone take a place each, once."""
    caps = wide(open_pods=2)
    settled(log, an_offer("a", account="a"), Paid(Cents(147), "HOG-aaaaaaaa0001"))
    assert isinstance(reserve(log, an_offer("b", account="b"), caps=caps), Charge)
    assert hit(reserve(log, an_offer("c", account="c"), caps=caps)) == "max_open_pods"
    log.see_order("HOG-aaaaaaaa0001", "terminated", NOW)
    assert isinstance(reserve(log, an_offer("d", account="d"), caps=caps), Charge)


def test_a_shown_link_is_one_place_not_two(log: SpendLog) -> None:
    """A charge that waits for payment and its order are the same pod-to-be."""
    settled(log, an_offer(rail=Rail.STRIPE), LinkShown("HOG-aaaaaaaa0001", Cents(147)))
    assert log.usage("run-1", NOW).open_pods == 1


def test_storage_of_a_pod_is_not_another_pod(log: SpendLog) -> None:
    """A stopped pod that accrues is one place: its order's."""
    settled(log, an_offer(), Paid(Cents(147), "HOG-aaaaaaaa0001"))
    log.accrue(a_charge(ChargeState.ACCRUING, "run-1", 360, charge_id="storage", order_id="HOG-aaaaaaaa0001"))
    assert log.usage("run-1", NOW).open_pods == 1


def test_an_order_kept_before_its_charge_is_settled_is_one_place(log: SpendLog) -> None:
    """Between add_order and settle nothing is counted twice."""
    charge = held(log, an_offer())
    log.add_order(an_order(charge_id=charge.charge_id))
    assert log.usage("run-1", NOW).open_pods == 1


@pytest.mark.parametrize("state", list(ChargeState))
def test_what_counts_in_which_state(log: SpendLog, state: ChargeState) -> None:
    """Everything but released, refund and topup counts toward the run, the day and the month."""
    amount = in_state(log, state, amount=147).amount
    counted = amount if state in COUNTED else 0
    usage = log.usage("run-1", NOW)
    assert (usage.run, usage.day, usage.month) == (counted, counted, counted)


@pytest.mark.parametrize("state", [state for state in COUNTED if state not in FINAL])
def test_money_that_is_not_final_counts_in_every_period(log: SpendLog, state: ChargeState) -> None:
    """Reserved on the 15th, it still counts on another day and in another month."""
    in_state(log, state)
    later = log.usage("run-1", NOW + timedelta(days=40))
    assert (later.day, later.month) == (147, 147)


@pytest.mark.parametrize("state", [state for state in COUNTED if state in FINAL])
def test_final_money_counts_in_its_own_period(log: SpendLog, state: ChargeState) -> None:
    """What settled on the 15th of March counts that day and that month, and for its run for ever."""
    in_state(log, state)
    tomorrow, in_april = log.usage("run-1", NOW + timedelta(days=1)), log.usage("run-1", NOW + timedelta(days=40))
    assert (tomorrow.day, tomorrow.month, tomorrow.run) == (0, 147, 147)
    assert (in_april.day, in_april.month, in_april.run) == (0, 0, 147)


def test_days_and_months_end_at_midnight_utc(log: SpendLog) -> None:
    """A charge a microsecond before midnight of March is March's, one at midnight April's, in any zone."""
    last = datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    midnight = datetime(2026, 4, 1, tzinfo=UTC)
    spent(log, "a", 100, last)
    spent(log, "b", 20, midnight)
    before, after = log.usage("x", last), log.usage("x", midnight.astimezone(timezone(timedelta(hours=-8))))
    assert (before.day, before.month) == (100, 100)
    assert (after.day, after.month) == (20, 20)


def test_what_settles_in_another_zone_counts_in_utc(log: SpendLog) -> None:
    """Late on the 31st in California is the 1st in UTC."""
    there = datetime(2026, 3, 31, 20, tzinfo=timezone(timedelta(hours=-8)))
    charge = spent(log, "a", 147, there)
    assert charge.settled_at == datetime(2026, 4, 1, 4, tzinfo=UTC)
    assert log.usage("x", datetime(2026, 4, 1, 5, tzinfo=UTC)).day == 147


def test_final_money_counts_when_it_settled_not_when_it_was_reserved(log: SpendLog) -> None:
    """A link made on the 31st and paid on the 1st is the new month's money."""
    reserved_at, paid_at = datetime(2026, 3, 31, 23, tzinfo=UTC), datetime(2026, 4, 1, 1, tzinfo=UTC)
    held(log, an_offer(), reserved_at, "c")
    log.submit("c", reserved_at, None, ME)
    log.settle("c", Paid(Cents(147), "HOG-aaaaaaaa0001"), paid_at)
    assert log.usage("x", reserved_at).month == 0
    assert log.usage("x", paid_at).month == 147


def test_the_real_figure_counts_once_it_is_known(log: SpendLog) -> None:
    """Paid for less than was reserved: the difference is free again; a mismatch counts the larger figure."""
    settled(log, an_offer("a", 200, account="a"), Paid(Cents(150), "HOG-aaaaaaaa0001"))
    assert log.usage("a", NOW).run == 150
    in_state(log, ChargeState.MISMATCH, "b", amount=300)
    assert log.usage("b", NOW).run == 300


def test_released_money_is_free_again(log: SpendLog) -> None:
    """A charge that proved not to be one leaves the caps as they were."""
    caps = wide(per_day=147)
    charge = held(log, an_offer("a"))
    assert hit(reserve(log, an_offer("b"), caps=caps)) == "per_day_usd"
    log.settle(charge.charge_id, Released("cancelled"), NOW)
    assert isinstance(reserve(log, an_offer("c"), caps=caps), Charge)


def test_an_expired_link_counts_until_it_is_released(log: SpendLog) -> None:
    """Somebody may still have paid it."""
    charge = in_state(log, ChargeState.AWAITING_PAYMENT)
    log.settle(charge.charge_id, LinkExpired(), NOW)
    assert log.usage("run-1", NOW).day == 147
    log.settle(charge.charge_id, Released("24 hours over"), NOW)
    assert log.usage("run-1", NOW) == log.usage("nobody", NOW)
    assert log.usage("run-1", NOW).day == 0


def test_storage_counts_hour_by_hour_and_then_what_it_cost(log: SpendLog) -> None:
    """An accruing charge is beyond the caps itself, counts in them, and never falls before the pod is gone."""
    log.add_run(new_run("run-1"))
    log.accrue(a_charge(ChargeState.ACCRUING, "run-1", 360))
    log.accrue(a_charge(ChargeState.ACCRUING, "run-1", 365))
    log.accrue(a_charge(ChargeState.ACCRUING, "run-1", 10))
    assert log.usage("run-1", NOW + timedelta(days=40)).day == 365
    log.settle("charge-run-1", ProvenGone(Cents(25)), NOW)
    assert log.usage("run-1", NOW).run == 25


def test_only_open_storage_accrues(log: SpendLog) -> None:
    """A charge in another state can't be opened as accruing, nor a settled one raised."""
    log.add_run(new_run("run-1"))
    with pytest.raises(ValueError, match="does not accrue"):
        log.accrue(a_charge(ChargeState.HELD, "run-1"))
    log.accrue(a_charge(ChargeState.ACCRUING, "run-1", 360))
    log.settle("charge-run-1", ProvenGone(Cents(25)), NOW)
    log.accrue(a_charge(ChargeState.ACCRUING, "run-1", 400))
    (settled,) = log.charges("run-1")
    assert (settled.state, settled.amount) == (ChargeState.PAID, 25)


def test_a_found_debit_counts_and_a_topup_frees_nothing(log: SpendLog) -> None:
    """An orphaned row of no run counts in the day; refunds and top-ups change no cap."""
    log.book(a_charge(ChargeState.ORPHANED, "", 100, charge_id="found", kind=Kind.FOUND))
    log.book(a_charge(ChargeState.TOPUP, "", 5000, charge_id="topup", kind=Kind.FOUND))
    log.book(a_charge(ChargeState.REFUND, "", 70, charge_id="refund", kind=Kind.FOUND))
    assert log.usage("run-1", NOW).day == 100
    assert [charge.run_id for charge in log.charges()] == ["", "", ""]


def test_booking_is_for_found_money_only(log: SpendLog) -> None:
    """Nothing is paid by `book`: a held or paid charge takes the road through `reserve`."""
    for state in set(ChargeState) - {ChargeState.ORPHANED, ChargeState.REFUND, ChargeState.TOPUP}:
        with pytest.raises(ValueError, match="not money found later"):
            log.book(a_charge(state, "", charge_id="x"))
    assert log.charges() == []


def test_a_refused_reservation_leaves_nothing(log: SpendLog) -> None:
    """No charge, no used approval, no event."""
    offer = an_offer()
    approval = approved(log, offer)
    head = log.chain_head()
    assert hit(log.reserve("c", offer, wide(per_run=146), NOW, approval)) == "per_run_usd"
    assert (log.charges(), log.chain_head()) == ([], head)
    assert isinstance(log.reserve("c", offer, wide(per_run=147), NOW, approval), Charge)


def test_totals_by_standing(log: SpendLog) -> None:
    """`spent`, `held` and `in_doubt` as the contract groups the states, for one run and for all."""
    for number, state in enumerate(ChargeState, 1):
        in_state(log, state, f"run-{number}", amount=2**number)
        log.unfreeze(NOW)
    sums = {"spent": 0, "held": 0, "in_doubt": 0}
    groups = {
        "spent": {ChargeState.PAID, ChargeState.MISMATCH, ChargeState.ORPHANED, ChargeState.ACCRUING},
        "held": {ChargeState.HELD, ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED},
        "in_doubt": {ChargeState.SUBMITTING, ChargeState.IN_DOUBT},
    }
    for charge in log.charges():
        of_run = log.totals(charge.run_id)
        for name, states in groups.items():
            mine = charge.amount if charge.state in states else 0
            assert getattr(of_run, name) == mine
            sums[name] += mine
    totals = log.totals()
    assert {name: getattr(totals, name) for name in sums} == sums


def test_offers_wait_without_money(log: SpendLog) -> None:
    """An offer alone reserves nothing."""
    offered(log, an_offer())
    assert log.usage("run-1", NOW).day == 0
