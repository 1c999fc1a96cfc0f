"""Readings of an account against what is known; who sent a purchase; what is remembered for a while."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policies.answers import Balance
from policies.charge import ChargeState, DebitFound, Mismatched, Paid, ProvenGone, Released, Unknown
from policies.money import Cents
from tests.tools.spend_log.things import BALANCE, HOUR, ME, NOW, ORDER, an_offer, an_order, submitted
from tools.spend_log.account_rows import Observed
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge, Kind

PAYER, PROVIDER = "key-1", "https://gpuhog.com/api"


def credit(spent: int, purchased: int = 2500) -> Balance:
    return Balance(Cents(purchased - spent), Cents(purchased), Cents(spent))


def observe(log: SpendLog, spent: int, purchased: int = 2500, at: int = 400) -> Observed:
    """One reading, nothing having moved meanwhile, nor in the settle window before."""
    return log.observe(PAYER, PROVIDER, credit(spent, purchased), log.money_mark(), NOW + timedelta(seconds=at))


def bought(log: SpendLog, run_id: str = "run-1", order_id: str = ORDER) -> Charge:
    """$1.47 from the credits of `PAYER`."""
    charge = submitted(log, an_offer(run_id, account=PAYER, base_url=PROVIDER))
    return log.settle(charge.charge_id, Paid(Cents(147), order_id), NOW)


def doubted(log: SpendLog, run_id: str = "run-1") -> Charge:
    charge = submitted(log, an_offer(run_id, account=PAYER, base_url=PROVIDER))
    return log.settle(charge.charge_id, Unknown("no answer"), NOW)


def found(log: SpendLog) -> list[tuple[ChargeState, int]]:
    return [(charge.state, charge.amount) for charge in log.charges() if charge.kind is Kind.FOUND]


def test_the_first_reading_sets_what_is_not_ours(log: SpendLog) -> None:
    """An account had a life before us."""
    assert observe(log, 653) == Observed(0, "", ())
    assert log.charges() == []


def test_our_own_purchases_are_no_drift(log: SpendLog) -> None:
    observe(log, 653)
    bought(log)
    assert observe(log, 653 + 147) == Observed(0, "", ())


@pytest.mark.parametrize("first", [True, False], ids=["read-before", "first-reading-after"])
def test_what_nobody_explains_is_orphaned_once(log: SpendLog, *, first: bool) -> None:
    if first:
        observe(log, 653)
    bought(log)
    observe(log, 653 + 147)
    observed = observe(log, 653 + 147 + 30)
    assert [(charge.state, charge.amount, charge.run_id) for charge in observed.booked] == [
        (ChargeState.ORPHANED, 30, "")
    ]
    assert observe(log, 653 + 147 + 30).booked == ()
    assert log.usage("x", NOW).month == 147 + 30


def test_a_fall_is_a_refund_once(log: SpendLog) -> None:
    observe(log, 653)
    bought(log)
    observe(log, 653)
    observe(log, 653)
    assert found(log) == [(ChargeState.REFUND, 147)]
    assert log.usage("x", NOW).month == 147


def test_a_top_up_is_a_row_once_and_frees_nothing(log: SpendLog) -> None:
    observe(log, 653)
    bought(log)
    observe(log, 800, 3000)
    observe(log, 800, 3000)
    assert found(log) == [(ChargeState.TOPUP, 500)]
    assert log.usage("x", NOW).day == 147


def test_a_figure_that_does_not_add_up_is_kept_and_not_believed(log: SpendLog) -> None:
    observe(log, 653)
    crooked = replace(credit(700), balance=Cents(1))
    observed = log.observe(PAYER, PROVIDER, crooked, log.money_mark(), NOW)
    assert observed.drift is None
    assert "does not add up" in observed.why
    assert log.charges() == []


def test_a_reading_during_which_money_moved_is_worth_nothing(log: SpendLog) -> None:
    """It may or may not have seen the purchase."""
    observe(log, 653)
    marked = log.money_mark()
    bought(log)
    assert log.observe(PAYER, PROVIDER, credit(653), marked, NOW).drift is None
    assert found(log) == []


@pytest.mark.parametrize(("seconds", "drift"), [(299, None), (301, -147)])
def test_a_reading_may_lag_behind_a_purchase(log: SpendLog, seconds: int, drift: int | None) -> None:
    """Within the settle window an unmoved `total_spent` is no refund, nor its later rise a debit of somebody else's."""
    observe(log, 653, at=0)
    bought(log)
    assert observe(log, 653, at=seconds).drift == (drift and 0)
    assert found(log) == ([] if drift is None else [(ChargeState.REFUND, 147)])
    assert log.last_purchase(PAYER, PROVIDER) == NOW
    assert log.last_purchase("another", PROVIDER) is None


def test_readings_before_a_settled_purchase_prove_nothing(log: SpendLog) -> None:
    """They were compared with other sums."""
    observe(log, 653, at=-10)
    charge = submitted(log, an_offer(account=PAYER, base_url=PROVIDER))
    log.settle(charge.charge_id, Unknown("no answer"), NOW)
    observe(log, 653 + 147, at=1)
    assert [reading.drift for reading in log.readings(PAYER, PROVIDER, NOW)] == [147]
    log.settle(charge.charge_id, DebitFound(), NOW + timedelta(seconds=2))
    assert log.readings(PAYER, PROVIDER, NOW) == []


def test_nothing_is_judged_while_a_purchase_is_being_sent(log: SpendLog) -> None:
    observe(log, 653)
    submitted(log, an_offer(account=PAYER, base_url=PROVIDER))
    assert observe(log, 653 + 147).drift is None
    assert found(log) == []


def test_while_in_doubt_the_drift_is_told_and_nothing_is_booked(log: SpendLog) -> None:
    """What it means is for the rules to say."""
    observe(log, 653)
    charge = doubted(log)
    assert observe(log, 653 + 147, 3000) == Observed(147, "", ())
    assert found(log) == []
    assert [reading.drift for reading in log.readings(PAYER, PROVIDER, NOW)] == [0, 147]
    log.settle(charge.charge_id, DebitFound(), NOW)
    assert observe(log, 653 + 147, 3000).drift == 0
    assert found(log) == [(ChargeState.TOPUP, 500)]


def test_what_exceeds_every_doubt_is_found_at_once(log: SpendLog) -> None:
    """Whatever becomes of the doubt: the log is never below what was taken. The doubt itself stays as it is."""
    observe(log, 653)
    charge = doubted(log)
    observed = observe(log, 653 + 147 + 30)
    assert [(found.state, found.amount) for found in observed.booked] == [(ChargeState.ORPHANED, 30)]
    assert observe(log, 653 + 147 + 30).booked == ()
    assert log.taken_since(PAYER, PROVIDER, NOW - HOUR) == 0
    standing = log.charge(charge.charge_id)
    assert standing is not None
    assert standing.state is ChargeState.IN_DOUBT


def test_without_an_earlier_reading_the_doubts_own_one_counts(log: SpendLog) -> None:
    """`total_spent` as it was read before the purchase was sent."""
    doubted(log)
    assert BALANCE.spent == 653
    assert observe(log, 653 + 147).drift == 147


def test_a_released_doubt_that_is_taken_after_all_is_found(log: SpendLog) -> None:
    observe(log, 653)
    charge = doubted(log)
    log.settle(charge.charge_id, Released("total_spent unchanged"), NOW)
    observe(log, 653 + 147)
    assert found(log) == [(ChargeState.ORPHANED, 147)]


def storage(log: SpendLog, charge: Charge) -> Charge:
    accruing = replace(
        charge,
        charge_id="storage",
        kind=Kind.STORAGE,
        state=ChargeState.ACCRUING,
        amount=Cents(360),
        submitted_at=None,
        settled_at=None,
        balance_before=None,
        total_spent_before=None,
    )
    log.accrue(accruing)
    return accruing


def test_while_storage_accrues_nothing_is_judged(log: SpendLog) -> None:
    observe(log, 653)
    storage(log, bought(log))
    assert observe(log, 653 + 147 + 5).drift is None
    assert found(log) == []


def test_our_own_generous_figure_is_no_refund(log: SpendLog) -> None:
    """Storage is booked by hours begun: what the provider took less is corrected silently, what it took more is not."""
    observe(log, 653)
    accruing = storage(log, bought(log))
    log.settle(accruing.charge_id, ProvenGone(Cents(10)), NOW)
    assert observe(log, 653 + 147 + 5).booked == ()
    assert observe(log, 653 + 147 + 5).drift == 0
    observe(log, 653 + 147 + 6)
    assert found(log) == [(ChargeState.ORPHANED, 1)]


def test_more_than_a_generous_figure_is_still_found(log: SpendLog) -> None:
    observe(log, 653)
    charge = submitted(log, an_offer(account=PAYER, base_url=PROVIDER))
    log.settle(charge.charge_id, Mismatched(Cents(200), ORDER, "took more"), NOW)
    observe(log, 653 + 250)
    assert found(log) == [(ChargeState.ORPHANED, 50)]


def test_beside_a_generous_figure_no_doubt_is_told(log: SpendLog) -> None:
    observe(log, 653)
    accruing = storage(log, bought(log))
    doubted(log, "run-2")
    log.settle(accruing.charge_id, ProvenGone(Cents(10)), NOW)
    assert observe(log, 653 + 147 + 5).drift is None


def test_what_is_beyond_a_generous_figure_and_every_doubt_is_found(log: SpendLog) -> None:
    """A doubt may stay open for days, while a pod that nobody can reach goes on costing."""
    observe(log, 653)
    accruing = storage(log, bought(log))
    doubted(log, "run-2")
    log.settle(accruing.charge_id, ProvenGone(Cents(10)), NOW)
    assert observe(log, 653 + 147 + 10 + 147 + 40).drift is None
    assert found(log) == [(ChargeState.ORPHANED, 40)]
    observe(log, 653 + 147 + 10 + 147 + 45)
    assert found(log) == [(ChargeState.ORPHANED, 40), (ChargeState.ORPHANED, 5)]


def test_accounts_and_providers_are_apart(log: SpendLog) -> None:
    observe(log, 653)
    bought(log)
    other = log.observe("key-2", PROVIDER, credit(10), log.money_mark(), NOW)
    elsewhere = log.observe(PAYER, "https://other.test/api", credit(20), log.money_mark(), NOW)
    assert (other, elsewhere) == (Observed(0, "", ()), Observed(0, "", ()))
    log.observe("key-2", PROVIDER, credit(13), log.money_mark(), NOW)
    assert [(charge.account, charge.amount) for charge in log.charges() if charge.kind is Kind.FOUND] == [("key-2", 3)]


def test_the_sender_is_known_and_whether_its_call_returned(log: SpendLog) -> None:
    charge = submitted(log, an_offer())
    sender = log.sender(charge.charge_id)
    assert sender is not None
    assert (sender.holder, sender.landed_at) == (ME, None)
    log.landed(charge.charge_id, NOW)
    log.landed(charge.charge_id, NOW + HOUR)
    sender = log.sender(charge.charge_id)
    assert sender is not None
    assert sender.landed_at == NOW
    assert log.sender("another") is None


def test_a_bad_gpu_is_forgotten_when_its_time_is_over(log: SpendLog) -> None:
    log.remember_bad_gpu("gpu-1", "never came up", NOW, NOW + HOUR)
    log.remember_bad_gpu("gpu-2", "no SSH", NOW, NOW + 2 * HOUR)
    log.remember_bad_gpu("gpu-2", "another model", NOW, NOW + HOUR)
    assert log.bad_gpus(NOW) == {"gpu-1": "never came up", "gpu-2": "another model"}
    assert log.bad_gpus(NOW + HOUR) == {"gpu-2": "another model"}
    assert log.bad_gpus(NOW + 2 * HOUR) == {}


def test_gone_orders_are_named_until_somebody_looked_again(log: SpendLog) -> None:
    charge = bought(log)
    log.add_order(an_order(charge_id=charge.charge_id))
    log.see_order(ORDER, "running", NOW)
    assert log.orders_gone(NOW - HOUR, NOW + HOUR) == []
    log.see_order(ORDER, "terminated", NOW)
    assert [order.order_id for order in log.orders_gone(NOW - HOUR, NOW)] == [ORDER]
    log.looked_again(ORDER, NOW + HOUR)
    assert log.orders_gone(NOW - HOUR, NOW) == []
    assert [order.order_id for order in log.orders_gone(NOW - HOUR, NOW + HOUR)] == [ORDER]
    assert log.orders_gone(NOW, NOW + HOUR) == []
