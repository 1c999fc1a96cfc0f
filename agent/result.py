"""A run as `run --json` and `show --json` print it (CONTRACT §6)."""

from datetime import datetime

from policies.charge import ChargeState
from policies.money import usd
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import ENDED, OrderRow, Run


def run_result(log: SpendLog, run_id: str, now: datetime) -> dict[str, object]:
    """The document of one run, from the spend log alone.

    Raises:
        KeyError: there is no such run.
    """
    run = log.run(run_id)
    if run is None:
        raise KeyError(run_id)
    attempts = log.attempts(run_id)
    offer = attempts[-1].offer if attempts else None
    totals = log.totals(run_id)
    orders = log.orders(run_id)
    return {
        "run_id": run.run_id,
        "status": run.status.value,
        "step": run.step,
        "gpu": offer.gpu_name if offer else None,
        "hours": offer.hours if offer else None,
        "order_ids": [order.order_id for order in orders],
        "spent_usd": usd(totals.spent),
        "held_usd": usd(totals.held),
        "in_doubt_usd": usd(totals.in_doubt),
        "exit_code": run.job_exit_code,
        "outputs_dir": run.outputs_dir,
        "checkout_url": link_to_pay(log, run, now),
        "reason": run.reason or (attempts[-1].reason if attempts else ""),
        "started_at": timestamp(run.started_at),
        "ended_at": timestamp(run.ended_at),
    }


def link_to_pay(log: SpendLog, run: Run, now: datetime) -> str | None:
    """The checkout link that waits to be paid, if there is one: not past its time, nor one nobody watches any more.

    None of a run that is to be cancelled: its pod would be ended as soon as it is paid for.
    """
    if run.status in ENDED or run.cancel_requested:
        return None
    for charge in log.charges(run.run_id):
        if charge.state is ChargeState.AWAITING_PAYMENT:
            order = log.order(charge.order_id)
            return order.checkout_url or None if order and _stands(order, now) else None
    return None


def _stands(order: OrderRow, now: datetime) -> bool:
    """Somebody may have to book the expiry still: the clock decides."""
    return order.checkout_expires_at is not None and now < order.checkout_expires_at


def timestamp(at: datetime | None) -> str | None:
    """RFC 3339, UTC, whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
