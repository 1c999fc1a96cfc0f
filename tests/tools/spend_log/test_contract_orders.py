"""No order is ever lost, and a pod is gone when its order says so (law 7)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.charge import ChargeState, LinkShown, OrderMoved, Released
from policies.money import Cents
from policies.offer import Rail
from tests.tools.spend_log.things import (
    NOW,
    ORDER,
    WIDE,
    an_offer,
    an_order,
    in_state,
    new_run,
    offered,
    order_of,
    reserve,
    settled,
    submitted,
)
from tools.errors import IntentAlreadyOpen
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge


def known(log: SpendLog, order_id: str = ORDER, **changes: Any) -> None:
    log.add_run(new_run())
    log.add_order(an_order(order_id, **changes))


def test_an_order_is_kept_as_given(log: SpendLog) -> None:
    """Every field comes back."""
    order = an_order(
        host_key="ssh-ed25519 AAAA",
        on_volume=True,
        checkout_url="https://checkout.stripe.com/x",
        checkout_expires_at=NOW + timedelta(minutes=30),
        terminate_tries=2,
    )
    log.add_run(new_run())
    log.add_order(order)
    assert log.order(ORDER) == order
    assert log.orders() == [order]


def test_an_order_is_added_once(log: SpendLog) -> None:
    """Adding it again changes nothing; as another run's it is a mistake."""
    known(log)
    log.add_order(an_order(status="other"))
    assert log.order(ORDER) == an_order()
    log.add_run(new_run("run-2"))
    with pytest.raises(ValueError, match="belongs to run run-1"):
        log.add_order(an_order(run_id="run-2"))


def test_the_first_status_is_the_first_ever_seen(log: SpendLog) -> None:
    """Any later one that differs proves a payment."""
    known(log, status="", first_status="")
    assert log.see_order(ORDER, "reserved", NOW).first_status == "reserved"
    moved = log.see_order(ORDER, "deploying", NOW)
    assert (moved.first_status, moved.status) == ("reserved", "deploying")


def test_gone_is_what_the_order_says(log: SpendLog) -> None:
    """`terminated` sets when it was first seen; nothing else does."""
    known(log)
    for status in ("stopped", "vanished", "error"):
        assert log.see_order(ORDER, status, NOW).gone_at is None
    assert log.see_order(ORDER, "terminated", NOW).gone_at == NOW
    assert log.see_order(ORDER, "terminated", NOW + timedelta(hours=1)).gone_at == NOW
    assert log.orders(open_only=True) == []


def test_a_pod_that_comes_back_is_not_gone(log: SpendLog) -> None:
    """Ended ids are looked at again: one that runs after all is open, and keeps its run from buying."""
    known(log)
    log.see_order(ORDER, "terminated", NOW)
    assert log.see_order(ORDER, "running", NOW).gone_at is None
    assert log.usage("run-1", NOW).open_pods == 1


def test_seeing_nothing_new_writes_nothing(log: SpendLog) -> None:
    """A poll every few seconds does not fill the history."""
    known(log)
    head = log.chain_head()
    log.see_order(ORDER, "deploying", NOW)
    assert log.chain_head() == head


def test_the_first_host_key_counts(log: SpendLog) -> None:
    """Another key for the same pod raises; the same one again is fine."""
    known(log)
    log.pin_host_key(ORDER, "ssh-ed25519 AAAA")
    log.pin_host_key(ORDER, "ssh-ed25519 AAAA")
    with pytest.raises(ValueError, match="another host key"):
        log.pin_host_key(ORDER, "ssh-ed25519 BBBB")
    order = log.order(ORDER)
    assert order is not None
    assert order.host_key == "ssh-ed25519 AAAA"


def test_marks_are_set_one_by_one(log: SpendLog) -> None:
    """None leaves a mark as it is; tries are counted."""
    known(log)
    log.mark_order(ORDER, on_volume=True, terminate_tried=True)
    log.mark_order(ORDER, job_started=True, terminate_tried=True)
    log.mark_order(ORDER, collected=True, paid_from=NOW + timedelta(hours=1))
    log.mark_order(ORDER, on_volume=False)
    assert log.order(ORDER) == replace(
        an_order(), job_started=True, collected=True, terminate_tries=2, paid_from=NOW + timedelta(hours=1)
    )


def test_orders_by_run(log: SpendLog) -> None:
    """Oldest first, all or the open ones."""
    known(log, "HOG-aaaaaaaa0001")
    log.add_order(an_order("HOG-aaaaaaaa0002"))
    log.add_run(new_run("run-2"))
    log.add_order(an_order("HOG-aaaaaaaa0003", "run-2"))
    log.see_order("HOG-aaaaaaaa0001", "terminated", NOW)
    assert [order.order_id[-1] for order in log.orders()] == ["1", "2", "3"]
    assert [order.order_id[-1] for order in log.orders("run-1")] == ["1", "2"]
    assert [order.order_id[-1] for order in log.orders("run-1", open_only=True)] == ["2"]


def test_an_unknown_order_raises_and_is_not_spelled_out(log: SpendLog) -> None:
    """An order id is a capability: not whole in messages."""
    for change in (
        lambda: log.see_order(ORDER, "running", NOW),
        lambda: log.pin_host_key(ORDER, "k"),
        lambda: log.mark_order(ORDER, collected=True),
    ):
        with pytest.raises(LookupError) as caught:
            change()
        assert ORDER not in str(caught.value)


def never_shown(log: SpendLog, first_status: str = "reserved") -> None:
    """A checkout whose link was not shown: its charge is released, its order is watched."""
    charge = submitted(log, an_offer(rail=Rail.STRIPE))
    log.add_order(an_order(charge_id=charge.charge_id, status=first_status, first_status=first_status, paid_from=None))
    log.settle(charge.charge_id, Released("asks for more"), NOW)


@pytest.mark.parametrize("first_status", ["reserved", ""])
def test_a_link_never_shown_blocks_nothing(log: SpendLog, first_status: str) -> None:
    """Nobody can pay it: it takes no place and its run may buy, but it stays listed to be watched."""
    never_shown(log, first_status)
    assert log.usage("run-1", NOW).open_pods == 0
    assert len(log.orders(open_only=True)) == 1
    assert isinstance(reserve(log, an_offer(attempt=2), charge_id="second"), Charge)


def test_a_link_never_shown_added_after_the_release_blocks_nothing(log: SpendLog) -> None:
    """Whichever of the two is written first."""
    charge = in_state(log, ChargeState.SUBMITTING, "x")
    stripe = settled(log, an_offer(rail=Rail.STRIPE), Released("broken"))
    log.add_order(an_order(charge_id=stripe.charge_id, status="", first_status="", paid_from=None))
    assert log.usage("run-1", NOW).open_pods == 1
    assert log.usage("run-1", NOW).run == 0
    assert charge.run_id == "x"


def test_a_link_never_shown_that_moves_blocks(log: SpendLog) -> None:
    """Somebody paid it all the same: a pod like any other."""
    never_shown(log)
    log.see_order(ORDER, "deploying", NOW)
    assert log.usage("run-1", NOW).open_pods == 1
    with pytest.raises(IntentAlreadyOpen):
        reserve(log, an_offer(attempt=2), charge_id="second")
    log.see_order(ORDER, "terminated", NOW)
    assert isinstance(reserve(log, an_offer(attempt=3), charge_id="third"), Charge)


@pytest.mark.parametrize("status", ["running", "stopped"])
def test_a_pod_is_a_pod_even_at_first_sight(log: SpendLog, status: str) -> None:
    """An order first seen running can't be an unpaid link, whatever its charge is."""
    never_shown(log, "")
    assert log.usage("run-1", NOW).open_pods == 0
    log.see_order(ORDER, status, NOW)
    assert log.usage("run-1", NOW).open_pods == 1


def test_a_shown_link_blocks_until_its_charge_is_released(log: SpendLog) -> None:
    """It may be paid at any moment, expired or not; after the watch it may not."""
    charge = in_state(log, ChargeState.EXPIRED)
    order_id = order_of("run-1")
    log.see_order(order_id, "reserved", NOW)
    log.mark_order(order_id, paid_from=NOW)
    assert log.usage("run-1", NOW).open_pods == 1
    log.settle(charge.charge_id, Released("24 hours over"), NOW)
    assert log.usage("run-1", NOW).open_pods == 0
    assert isinstance(reserve(log, an_offer(attempt=2), charge_id="second"), Charge)


def test_a_paid_link_is_a_pod(log: SpendLog) -> None:
    """Once the order moved on it is open until it is gone."""
    settled(log, an_offer(rail=Rail.STRIPE), LinkShown(ORDER, Cents(147)))
    log.see_order(ORDER, "reserved", NOW)
    log.see_order(ORDER, "deploying", NOW)
    log.settle("charge-run-1", OrderMoved(), NOW)
    assert log.usage("run-1", NOW).open_pods == 1


def test_an_order_from_a_released_credits_charge_blocks(log: SpendLog) -> None:
    """Released by the books is not gone by the order: a machine somebody named to us is ended first."""
    charge = submitted(log, an_offer())
    log.add_order(an_order(charge_id=charge.charge_id))
    log.settle(charge.charge_id, Released("nothing was charged"), NOW)
    assert log.usage("run-1", NOW).open_pods == 1
    offer = offered(log, an_offer(attempt=2))
    with pytest.raises(IntentAlreadyOpen):
        log.reserve("second", offer, WIDE, NOW, None)
