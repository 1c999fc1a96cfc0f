"""Charges in the log: looked up, submitted, answered, settled. Every function works inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from policies.answers import Answer, Balance
from policies.charge import (
    FINAL,
    ChargeEvent,
    ChargeState,
    IllegalMove,
    LinkShown,
    Mismatched,
    OrderMoved,
    Paid,
    ProvenGone,
    Released,
    Submitted,
    Unknown,
    next_state,
)
from policies.money import Cents, usd
from policies.offer import Rail
from policies.order import short_id
from tools.errors import IntentAlreadyOpen, NotWanted
from tools.spend_log import freezing, senders
from tools.spend_log.chain import append
from tools.spend_log.codec import Row, decode, encode, to_text
from tools.spend_log.database import insert, one, rows
from tools.spend_log.rows import Charge, Holder
from tools.spend_log.sql import Database

MAX_ANSWER_BYTES = 64 * 1024
"""So much of an answer is kept; its full size is kept beside it."""

_IN_FLIGHT = (
    "SELECT charge_id FROM charges WHERE settled_at IS NULL AND rail = 'credits' AND account = ? AND charge_id <> ?"
    " AND (state = 'submitting' OR (state = 'in_doubt' AND submitted_at > ?))"
)
_PAID_BY = (
    "SELECT g.revoked_at, g.until FROM grant_uses u JOIN grants g ON g.grant_id = u.grant_id WHERE u.charge_id = ?"
    " UNION ALL SELECT g.revoked_at, g.until FROM run_grant_uses u JOIN run_grants g ON g.grant_id = u.grant_id"
    " WHERE u.charge_id = ?"
)
_OPEN = "SELECT charge_id, state FROM charges WHERE run_id = ? AND settled_at IS NULL AND kind IN ('rent', 'start')"
_BORN_FOUND = frozenset({ChargeState.ORPHANED, ChargeState.REFUND, ChargeState.TOPUP})


def find(db: Database, charge_id: str) -> Charge | None:
    row = one(db, "SELECT * FROM charges WHERE charge_id = ?", charge_id)
    return decode(Charge, row) if row else None


def need(db: Database, charge_id: str) -> Charge:
    """LookupError when there is no such charge."""
    charge = find(db, charge_id)
    if charge is None:
        raise LookupError(f"no charge {charge_id}")
    return charge


def open_purchase(db: Database, run_id: str) -> Row | None:
    """Id and state of the run's purchase that is not final."""
    return one(db, _OPEN, run_id)


def listed(db: Database, run_id: str | None, states: Sequence[ChargeState] | None) -> list[Charge]:
    """Oldest first."""
    where, args = ["true"], list[object]()
    if run_id is not None:
        where.append("run_id = ?")
        args.append(run_id)
    if states is not None:
        where.append(f"state IN ({', '.join('?' * len(states))})" if states else "false")
        args.extend(state.value for state in states)
    return [decode(Charge, row) for row in rows(db, "charges", " AND ".join(where), args, order_by="seq")]


def add(db: Database, charge: Charge) -> None:
    """Write a new row; the caller writes the event."""
    insert(db, "charges", encode(charge) | {"run_id": charge.run_id or None})


def submit(
    db: Database, charge_id: str, now: datetime, balance: Balance | None, sender: Holder, settle_seconds: int
) -> Charge:
    """`held` → `submitting`; one credits purchase at a time on an account, none while frozen.

    What was reserved may have waited for its turn: whoever cancelled, or took a grant back, meanwhile is heard.
    """
    charge = need(db, charge_id)
    state = next_state(charge.state, Submitted())
    unwanted = _unwanted(db, charge, now)
    if unwanted is not None:
        raise NotWanted(unwanted)
    frozen = freezing.reason(db)
    if frozen is not None:
        raise IntentAlreadyOpen(f"spending is frozen: {frozen}")
    if charge.rail is Rail.CREDITS:
        _refuse_second_flight(db, charge, now - timedelta(seconds=settle_seconds))
    db.execute(
        "UPDATE charges SET state = ?, submitted_at = ?, balance_before = ?, total_spent_before = ?"
        " WHERE charge_id = ?",
        [state.value, to_text(now), balance and balance.balance, balance and balance.spent, charge_id],
    )
    senders.name(db, charge_id, sender)
    body = {"from": charge.state, "to": state, "usd": usd(charge.amount)}
    append(db, now, "charge", body, run_id=charge.run_id, charge_id=charge_id)
    return need(db, charge_id)


def _unwanted(db: Database, charge: Charge, now: datetime) -> str | None:
    run = one(db, "SELECT status, ended_at, cancel_requested FROM runs WHERE run_id = ?", charge.run_id)
    if run is not None and run["ended_at"] is not None:
        return f"the run ended as {run['status']}"
    if run is not None and run["cancel_requested"]:
        return "the run is being cancelled"
    grant = one(db, _PAID_BY, charge.charge_id, charge.charge_id)
    if grant is not None and grant["revoked_at"] is not None:
        return "the grant that was to pay for it was taken back"
    if grant is not None and grant["until"] <= to_text(now):
        return "the grant that was to pay for it has ended"
    return None


def _refuse_second_flight(db: Database, charge: Charge, settled_before: datetime) -> None:
    other = one(db, _IN_FLIGHT, charge.account, charge.charge_id, to_text(settled_before))
    if other is not None:
        raise IntentAlreadyOpen(f"charge {other['charge_id']} on the same account is in flight")


def keep_answer(db: Database, charge_id: str, answer: Answer, now: datetime) -> None:
    """Raw, bounded, never changed."""
    charge = need(db, charge_id)
    body, size = answer.body[:MAX_ANSWER_BYTES], len(answer.body)
    row = {"charge_id": charge_id, "at": to_text(now), "status": answer.status, "body": body, "size_bytes": size}
    insert(db, "answers", row)
    body_shown = {"status": answer.status, "size_bytes": size}
    append(db, now, "answer", body_shown, run_id=charge.run_id, charge_id=charge_id)


def kept_answer(db: Database, charge_id: str) -> Answer | None:
    """The last one."""
    row = one(db, "SELECT status, body FROM answers WHERE charge_id = ? ORDER BY seq DESC LIMIT 1", charge_id)
    return Answer(row["status"], row["body"]) if row else None


def settle(db: Database, charge_id: str, event: ChargeEvent, now: datetime) -> Charge:
    """Move a charge; a mismatch freezes spending too."""
    if isinstance(event, Submitted):
        raise IllegalMove("a charge is submitted by `submit`, which looks for others in flight")
    before = need(db, charge_id)
    state = next_state(before.state, event)
    change = {
        "state": state.value,
        "amount": real_amount(before, event),
        "order_id": order_named(event) or before.order_id,
        "late": int(isinstance(event, OrderMoved) and before.state is ChargeState.EXPIRED),
        "note": _reason(event) or before.note,
        "settled_at": to_text(now) if state in FINAL else None,
        "charge_id": charge_id,
    }
    db.execute(
        "UPDATE charges SET state = :state, amount = :amount, order_id = :order_id, late = :late, note = :note,"
        " settled_at = :settled_at WHERE charge_id = :charge_id",
        change,
    )
    after = need(db, charge_id)
    _record_move(db, before, after, event, now)
    return after


def _record_move(db: Database, before: Charge, after: Charge, event: ChargeEvent, now: datetime) -> None:
    body = {"from": before.state, "to": after.state, "usd": usd(after.amount), "late": after.late}
    named = {"order": short_id(after.order_id)} if after.order_id else {}
    why = {"reason": _reason(event)} if _reason(event) else {}
    append(db, now, "charge", body | named | why, run_id=after.run_id, charge_id=after.charge_id)
    if isinstance(event, Mismatched):
        freezing.freeze(db, f"charge {after.charge_id}: {event.reason}", now)


def real_amount(charge: Charge, event: ChargeEvent) -> Cents:
    """The provider's figure where it named one; of a mismatch the larger counts."""
    match event:
        case Mismatched():
            return max(event.amount, charge.amount)
        case Paid() | LinkShown() | ProvenGone():
            return event.amount
        case _:
            return charge.amount


def order_named(event: ChargeEvent) -> str:
    """The order id an event brings, or ""."""
    match event:
        case Paid() | Mismatched() | LinkShown():
            return event.order_id
        case _:
            return ""


def _reason(event: ChargeEvent) -> str:
    match event:
        case Released() | Mismatched() | Unknown():
            return event.reason
        case _:
            return ""


def accrue(db: Database, charge: Charge) -> None:
    """Open an `accruing` charge, or raise the amount of one that is open; it never falls, nor outlives its pod."""
    if charge.state is not ChargeState.ACCRUING:
        raise ValueError(f"a charge that is {charge.state} does not accrue")
    standing = find(db, charge.charge_id)
    if standing is None:
        add(db, charge)
    elif standing.state is not ChargeState.ACCRUING or charge.amount <= standing.amount:
        return
    else:
        change = "UPDATE charges SET amount = ? WHERE charge_id = ?"
        db.execute(change, [charge.amount, charge.charge_id])
    body = {"to": charge.state, "usd": usd(charge.amount), "kind": charge.kind}
    append(db, charge.created_at, "charge", body, run_id=charge.run_id, charge_id=charge.charge_id)


def book(db: Database, charge: Charge) -> None:
    """A debit, refund or top-up seen later, as a row of its own that is final at once."""
    if charge.state not in _BORN_FOUND:
        raise ValueError(f"a charge that is {charge.state} is not money found later")
    settled_at = to_text(charge.settled_at or charge.created_at)
    insert(db, "charges", encode(charge) | {"run_id": charge.run_id or None, "settled_at": settled_at})
    body = {"to": charge.state, "usd": usd(charge.amount), "reason": charge.note}
    append(db, charge.created_at, "charge", body, run_id=charge.run_id, charge_id=charge.charge_id)
