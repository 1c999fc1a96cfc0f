"""Orders in the log: none is ever lost. Every function works inside the caller's transaction."""

from datetime import datetime

from policies.charge import ChargeEvent, Mismatched, Paid
from policies.order import phase, short_id
from tools.spend_log.chain import append, head
from tools.spend_log.codec import Row, decode, encode, to_text
from tools.spend_log.database import insert, one, rows
from tools.spend_log.journal import Journal, Line
from tools.spend_log.money import order_named
from tools.spend_log.rows import Charge, OrderRow
from tools.spend_log.sql import Database

_FILLED_IN = ("status", "first_status", "hours", "paid_from", "checkout_url", "checkout_expires_at")


def add(db: Database, journal: Journal, order: OrderRow) -> None:
    """Keep an order, in `orders.jsonl` before the database; one known already stays as it is."""
    row = one(db, "SELECT * FROM orders WHERE order_id = ?", order.order_id)
    if row is None:
        _insert(db, journal, order, order.created_at, head(db), bare=False)
    elif row["run_id"] != order.run_id:
        raise ValueError(f"order {short_id(order.order_id)} belongs to run {row['run_id']}")
    elif row["bare"]:
        _fill_in(db, order)


def add_named(
    db: Database, journal: Journal, charge: Charge, event: ChargeEvent, now: datetime, committed: str
) -> None:
    """Keep the order an answer named, with what its charge says of it, until the caller adds the rest.

    A crash between settling the charge and adding the order would otherwise leave a pod that no list shows.

    Args:
        committed: the head of the history before the transaction at hand: one that a crash may take back must not be
            witnessed, or the history would look cut short for ever.
    """
    order_id = order_named(event)
    if not order_id:
        return
    known = find(db, order_id)
    if known is not None and known.run_id != charge.run_id:
        raise ValueError(f"order {short_id(order_id)} belongs to run {known.run_id}")
    if known is None:
        paid_from = charge.submitted_at if isinstance(event, Paid | Mismatched) else None
        _insert(db, journal, _bare(charge, order_id, paid_from, now), now, committed, bare=True)


def find(db: Database, order_id: str) -> OrderRow | None:
    row = one(db, "SELECT * FROM orders WHERE order_id = ?", order_id)
    return decode(OrderRow, row) if row else None


def need(db: Database, order_id: str) -> OrderRow:
    """LookupError when there is no such order."""
    order = find(db, order_id)
    if order is None:
        raise LookupError(f"no order {short_id(order_id)}")
    return order


def listed(db: Database, run_id: str | None, *, open_only: bool) -> list[OrderRow]:
    """Oldest first; open ones are those not proven gone, links that nobody paid included."""
    where, args = ("run_id = ?", [run_id]) if run_id is not None else ("true", [])
    gone = " AND gone_at IS NULL" if open_only else ""
    return [decode(OrderRow, row) for row in rows(db, "orders", where + gone, args, order_by="seq")]


def see(db: Database, order_id: str, status: str, now: datetime) -> OrderRow:
    """Note a status; one that comes back to life after it was gone is not gone."""
    order = need(db, order_id)
    if order.status == status and order.first_status:
        return order
    gone_at = (order.gone_at or now) if phase(status) == "gone" else None
    db.execute(
        "UPDATE orders SET status = ?, first_status = ?, gone_at = ? WHERE order_id = ?",
        [status, order.first_status or status, gone_at and to_text(gone_at), order_id],
    )
    body = {"order": short_id(order_id), "from": order.status, "to": status}
    append(db, now, "order_seen", body, run_id=order.run_id, charge_id=order.charge_id)
    return need(db, order_id)


def pin_host_key(db: Database, order_id: str, host_key: str) -> None:
    """ValueError when another key was pinned."""
    pinned = need(db, order_id).host_key
    if pinned and pinned != host_key:
        raise ValueError(f"order {short_id(order_id)} showed another host key before")
    db.execute("UPDATE orders SET host_key = ? WHERE order_id = ?", [host_key, order_id])


def mark(db: Database, order_id: str, marks: Row, *, terminate_tried: bool) -> None:
    """Set what is given; None leaves a mark as it is."""
    need(db, order_id)
    columns = {"on_volume": None, "job_started": None, "collected": None, "paid_from": None}
    db.execute(
        "UPDATE orders SET on_volume = coalesce(:on_volume, on_volume),"
        " job_started = coalesce(:job_started, job_started), collected = coalesce(:collected, collected),"
        " paid_from = coalesce(:paid_from, paid_from), terminate_tries = terminate_tries + :tried"
        " WHERE order_id = :order_id",
        columns | marks | {"tried": int(terminate_tried), "order_id": order_id},
    )


def _insert(db: Database, journal: Journal, order: OrderRow, at: datetime, committed: str, *, bare: bool) -> None:
    journal.append(Line(order.order_id, order.run_id, order.charge_id, to_text(at), committed))
    insert(db, "orders", encode(order) | {"charge_id": order.charge_id or None, "bare": int(bare)})
    body = {"order": short_id(order.order_id), "status": order.status, "attempt": order.attempt}
    append(db, at, "order", body, run_id=order.run_id, charge_id=order.charge_id)


def _fill_in(db: Database, order: OrderRow) -> None:
    row = encode(order)
    columns = {name: row[name] for name in (*_FILLED_IN, "order_id")}
    db.execute(
        "UPDATE orders SET status = coalesce(nullif(status, ''), :status), hours = :hours,"
        " first_status = coalesce(nullif(first_status, ''), :first_status),"
        " paid_from = coalesce(:paid_from, paid_from), checkout_url = :checkout_url,"
        " checkout_expires_at = :checkout_expires_at, bare = 0 WHERE order_id = :order_id",
        columns,
    )


def _bare(charge: Charge, order_id: str, paid_from: datetime | None, now: datetime) -> OrderRow:
    return OrderRow(
        order_id=order_id,
        run_id=charge.run_id,
        attempt=charge.attempt,
        charge_id=charge.charge_id,
        status="",
        first_status="",
        hours=charge.hours,
        paid_from=paid_from,
        host_key="",
        on_volume=False,
        job_started=False,
        collected=False,
        checkout_url="",
        checkout_expires_at=None,
        terminate_tries=0,
        created_at=now,
        gone_at=None,
    )
