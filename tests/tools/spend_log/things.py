"""Runs, offers and charges as the tests of the spend log need them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from policies.answers import Balance
from policies.budget import CapHit, Caps
from policies.charge import (
    ChargeEvent,
    ChargeState,
    DebitFound,
    LinkExpired,
    LinkShown,
    Mismatched,
    Paid,
    Released,
    Unknown,
)
from policies.money import Cents
from policies.offer import Offer, Rail
from tools.spend_log.port import Frozen, NotApproved, Recorded, SpendLog
from tools.spend_log.rows import Charge, Decision, Holder, Kind, NewRun, OrderRow

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CODE = "ABCD-1234"
ORDER = "HOG-a1b2c3d4e5f6"
BALANCE = Balance(balance=Cents(1847), purchased=Cents(2500), spent=Cents(653))
WIDE = Caps(
    per_run=Cents(100_000),
    per_day=Cents(100_000),
    per_month=Cents(100_000),
    open_pods=100,
    auto_pay=Cents(100_000),
    auto_pay_per_day=Cents(100_000),
)
ME = Holder(boot_id="boot-1", pid=100, started="5000", host="here")
OTHER = Holder(boot_id="boot-1", pid=200, started="6000", host="here")


def new_run(run_id: str = "run-1", **changes: Any) -> NewRun:
    run = NewRun(
        run_id=run_id,
        name="finetune",
        job_json='{"run": "python train.py"}',
        job_sha256="a" * 64,
        job_path="/home/me/job.yaml",
        ceiling=Cents(500),
        outputs_dir="/home/me/outputs",
        created_at=NOW,
        home="",
    )
    return replace(run, **changes)


def an_offer(run_id: str = "run-1", amount: int = 147, **changes: Any) -> Offer:
    offer = Offer(
        run_id=run_id,
        attempt=1,
        gpu_id="NVIDIA GeForce RTX 4090",
        gpu_name="RTX 4090",
        vram_gb=24,
        price_per_hour=Decimal("0.49"),
        hours=3,
        amount=Cents(amount),
        rail=Rail.CREDITS,
        account="key-1",
        base_url="https://gpuhog.com/api",
        job_sha256="a" * 64,
    )
    return replace(offer, **changes)


def wide(**changes: int) -> Caps:
    """Caps that allow everything but what is named here."""
    return replace(WIDE, **{name: Cents(value) for name, value in changes.items()})


def offered(log: SpendLog, offer: Offer, now: datetime = NOW) -> Offer:
    """`offer` as the current attempt of its run, which is added when it is new."""
    if log.run(offer.run_id) is None:
        log.add_run(new_run(offer.run_id))
    log.add_attempt(offer, "cheapest that fits", now)
    return offer


def approved(log: SpendLog, offer: Offer, now: datetime = NOW) -> str:
    """The id of an approval for `offer`, good for an hour."""
    asked = log.ask(offered(log, offer, now), CODE, now, now + HOUR)
    assert isinstance(log.decide(offer.run_id, CODE, offer.amount, Decision.APPROVED, "me", now), Recorded)
    return asked.approval_id


def reserve(
    log: SpendLog, offer: Offer, now: datetime = NOW, charge_id: str = "", caps: Caps = WIDE
) -> Charge | CapHit | Frozen | NotApproved:
    """Offer and reserve without a human."""
    return log.reserve(charge_id or f"charge-{offer.run_id}", offered(log, offer, now), caps, now, None)


def held(log: SpendLog, offer: Offer, now: datetime = NOW, charge_id: str = "") -> Charge:
    charge = reserve(log, offer, now, charge_id)
    assert isinstance(charge, Charge), charge
    return charge


def submitted(log: SpendLog, offer: Offer, now: datetime = NOW, charge_id: str = "") -> Charge:
    return log.submit(held(log, offer, now, charge_id).charge_id, now, BALANCE, ME)


def settled(log: SpendLog, offer: Offer, event: ChargeEvent, now: datetime = NOW, charge_id: str = "") -> Charge:
    return log.settle(submitted(log, offer, now, charge_id).charge_id, event, now)


def order_of(run_id: str) -> str:
    return f"HOG-{run_id}-000000"


def spent(log: SpendLog, run_id: str, amount: int, now: datetime = NOW, **changes: Any) -> Charge:
    """A paid charge of a run of its own, whose pod is gone."""
    offer = an_offer(run_id, amount, account=f"key-{run_id}", **changes)
    charge = settled(log, offer, Paid(Cents(amount), order_of(run_id)), now)
    log.see_order(order_of(run_id), "terminated", now)
    return charge


def a_charge(state: ChargeState, run_id: str, amount: int = 147, now: datetime = NOW, **changes: Any) -> Charge:
    """A charge as a caller makes it who does not reserve."""
    charge = Charge(
        charge_id=f"charge-{run_id}",
        run_id=run_id,
        attempt=1,
        kind=Kind.STORAGE,
        rail=Rail.CREDITS,
        gpu_id="RTX 4090",
        hours=1,
        amount=Cents(amount),
        state=state,
        account=f"key-{run_id}",
        base_url="https://gpuhog.com/api",
        auto=False,
        order_id="",
        balance_before=None,
        total_spent_before=None,
        late=False,
        note="",
        created_at=now,
        submitted_at=None,
        settled_at=None,
    )
    return replace(charge, **changes)


_ROADS: dict[ChargeState, tuple[ChargeEvent, ...]] = {
    ChargeState.SUBMITTING: (),
    ChargeState.PAID: (Paid(Cents(147), ORDER),),
    ChargeState.MISMATCH: (Mismatched(Cents(200), ORDER, "another GPU"),),
    ChargeState.RELEASED: (Released("nothing was sent"),),
    ChargeState.IN_DOUBT: (Unknown("timeout"),),
    ChargeState.ORPHANED: (Unknown("timeout"), DebitFound()),
    ChargeState.AWAITING_PAYMENT: (LinkShown(ORDER, Cents(147)),),
    ChargeState.EXPIRED: (LinkShown(ORDER, Cents(147)), LinkExpired()),
}


def in_state(log: SpendLog, state: ChargeState, run_id: str = "run-1", amount: int = 147) -> Charge:
    """A charge brought into `state` by the log's own methods."""
    if state in (ChargeState.ACCRUING, ChargeState.REFUND, ChargeState.TOPUP):
        charge = a_charge(state, run_id, amount)
        log.add_run(new_run(run_id))
        (log.accrue if state is ChargeState.ACCRUING else log.book)(charge)
        return _must(log.charge(charge.charge_id))
    rail = Rail.STRIPE if state in (ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED) else Rail.CREDITS
    charge = held(log, an_offer(run_id, amount, rail=rail, account=f"key-{run_id}"))
    if state is ChargeState.HELD:
        return charge
    log.submit(charge.charge_id, NOW, BALANCE, ME)
    for event in _ROADS[state]:
        log.settle(charge.charge_id, _of(event, amount, order_of(run_id)), NOW)
    return _must(log.charge(charge.charge_id))


def _of(event: ChargeEvent, amount: int, order_id: str) -> ChargeEvent:
    match event:
        case Paid() | LinkShown():
            return replace(event, amount=Cents(amount), order_id=order_id)
        case Mismatched():
            return replace(event, amount=Cents(amount), order_id=order_id)
        case _:
            return event


def _must(charge: Charge | None) -> Charge:
    assert charge is not None
    return charge


def an_order(order_id: str = ORDER, run_id: str = "run-1", **changes: Any) -> OrderRow:
    order = OrderRow(
        order_id=order_id,
        run_id=run_id,
        attempt=1,
        charge_id="",
        status="deploying",
        first_status="deploying",
        hours=3,
        paid_from=NOW,
        host_key="",
        on_volume=False,
        job_started=False,
        collected=False,
        checkout_url="",
        checkout_expires_at=None,
        terminate_tries=0,
        created_at=NOW,
        gone_at=None,
    )
    return replace(order, **changes)
