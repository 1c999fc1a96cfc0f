"""A run as `run --json` and `show --json` print it (CONTRACT §6)."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from policies.charge import ChargeState
from policies.money import usd
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import ENDED, Charge, OrderRow, Run


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
    totals, link = log.totals(run_id), link_to_pay(log, run, now)
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
        "checkout_url": link.url if link else None,
        "reason": run.reason or (attempts[-1].reason if attempts else ""),
        "started_at": timestamp(run.started_at),
        "ended_at": timestamp(run.ended_at),
    }


def summary_in(report: Path, result: dict[str, object]) -> list[str]:
    """The plain words in a run's `report.json`; none where there is no such file, or where money has moved since."""
    try:
        written = json.loads(report.read_text(encoding="utf-8"))
        same = all(written[key] == result[key] for key in ("status", "spent_usd", "held_usd", "in_doubt_usd"))
        return [str(line) for line in written["summary"]] if same else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


@dataclass(frozen=True, slots=True)
class Payable:
    """A checkout link that waits to be paid, checked when it came."""

    charge: Charge
    order: OrderRow
    url: str
    expires_at: datetime

    @property
    def host(self) -> str:
        """Where the money goes, in clear."""
        return urlsplit(self.url).netloc


def link_to_pay(log: SpendLog, run: Run, now: datetime) -> Payable | None:
    """The link of a run, if there is one: not past its time, nor one nobody watches any more.

    None of a run that is to be cancelled: its pod would be ended as soon as it is paid for.
    """
    if run.status in ENDED or run.cancel_requested:
        return None
    for charge in log.charges(run.run_id, [ChargeState.AWAITING_PAYMENT]):
        order = log.order(charge.order_id)
        until = order.checkout_expires_at if order is not None else None
        # Somebody may have to book the expiry still: the clock decides.
        if order is None or until is None or not order.checkout_url or now >= until:
            return None
        return Payable(charge, order, order.checkout_url, until)
    return None


def timestamp(at: datetime | None) -> str | None:
    """RFC 3339, UTC, whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def exact_timestamp(at: datetime) -> str:
    """RFC 3339, UTC, microseconds: such texts sort as the times do."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
