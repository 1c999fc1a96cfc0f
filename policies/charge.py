"""The states of a charge and every way between them (MONEY.md): a total function, and nothing else moves a charge.

(new) ── held ── submitting ─┬─ paid
           │          │      ├─ mismatch
           │          │      ├─ awaiting_payment ── expired ── paid (late) | released
           │          │      └─ in_doubt ── paid | orphaned | released   (a proof, or a human)
           └──────────┴─ released
(new) ── accruing ── paid              a stopped or overrunning pod, until proven gone
(new) ── orphaned | refund | topup     money seen later, as a row of its own
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from policies.money import Cents


class ChargeState(StrEnum):
    """Where the money of one purchase stands."""

    HELD = "held"
    SUBMITTING = "submitting"
    AWAITING_PAYMENT = "awaiting_payment"
    EXPIRED = "expired"
    IN_DOUBT = "in_doubt"
    ACCRUING = "accruing"
    PAID = "paid"
    MISMATCH = "mismatch"
    ORPHANED = "orphaned"
    RELEASED = "released"
    REFUND = "refund"
    TOPUP = "topup"


FINAL = frozenset(
    {
        ChargeState.PAID,
        ChargeState.MISMATCH,
        ChargeState.ORPHANED,
        ChargeState.RELEASED,
        ChargeState.REFUND,
        ChargeState.TOPUP,
    }
)
"""Rows in these states are never changed or deleted."""

BORN = frozenset({ChargeState.HELD, ChargeState.ACCRUING, ChargeState.ORPHANED, ChargeState.REFUND, ChargeState.TOPUP})
"""The states a row may start in."""

MOVES: frozenset[tuple[ChargeState, ChargeState]] = frozenset(
    {
        (ChargeState.HELD, ChargeState.SUBMITTING),
        (ChargeState.HELD, ChargeState.RELEASED),
        (ChargeState.SUBMITTING, ChargeState.PAID),
        (ChargeState.SUBMITTING, ChargeState.MISMATCH),
        (ChargeState.SUBMITTING, ChargeState.AWAITING_PAYMENT),
        (ChargeState.SUBMITTING, ChargeState.RELEASED),
        (ChargeState.SUBMITTING, ChargeState.IN_DOUBT),
        (ChargeState.AWAITING_PAYMENT, ChargeState.PAID),
        (ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED),
        (ChargeState.EXPIRED, ChargeState.PAID),
        (ChargeState.EXPIRED, ChargeState.RELEASED),
        (ChargeState.IN_DOUBT, ChargeState.PAID),
        (ChargeState.IN_DOUBT, ChargeState.ORPHANED),
        (ChargeState.IN_DOUBT, ChargeState.RELEASED),
        (ChargeState.ACCRUING, ChargeState.PAID),
    }
)
"""Every legal move; the spend log's triggers hold the same table."""

SPENT = frozenset({ChargeState.PAID, ChargeState.MISMATCH, ChargeState.ORPHANED, ChargeState.ACCRUING})
HELD = frozenset({ChargeState.HELD, ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED})
DOUBTED = frozenset({ChargeState.SUBMITTING, ChargeState.IN_DOUBT})


@dataclass(frozen=True, slots=True)
class Submitted:
    """The intent is written; the call may leave within 5 seconds."""


@dataclass(frozen=True, slots=True)
class Released:
    """Nothing was or can be charged."""

    reason: str


@dataclass(frozen=True, slots=True)
class Paid:
    """The provider took `amount` (the real figure) and named the order."""

    amount: Cents
    order_id: str


@dataclass(frozen=True, slots=True)
class Mismatched:
    """The provider took more, or rented something else; `amount` is the larger figure."""

    amount: Cents
    order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class LinkShown:
    """A valid checkout link for this offer came back; it may be paid until it expires."""

    order_id: str
    amount: Cents


@dataclass(frozen=True, slots=True)
class OrderMoved:
    """The order of a link left the status first seen: somebody paid (late when it had expired)."""


@dataclass(frozen=True, slots=True)
class LinkExpired:
    """The link's time and the grace are over, and the order has not moved."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """No proof of either: counts as spent until proven otherwise (law 2)."""

    reason: str


@dataclass(frozen=True, slots=True)
class DebitFound:
    """`total_spent` rose by exactly this amount and no order is known."""


@dataclass(frozen=True, slots=True)
class ProvenGone:
    """The pod of an accruing charge is gone; `amount` is what it cost in all."""

    amount: Cents


ChargeEvent = (
    Submitted | Released | Paid | Mismatched | LinkShown | OrderMoved | LinkExpired | Unknown | DebitFound | ProvenGone
)


class IllegalMove(ValueError):
    """The event can't happen to a charge in this state."""


def next_state(state: ChargeState, event: ChargeEvent) -> ChargeState:
    """Where `event` takes a charge in `state`.

    Raises:
        IllegalMove: for every pair that MONEY.md's table does not list, final states included.
    """
    target = _target(event)
    if (state, target) not in MOVES or not _fits(state, event):
        raise IllegalMove(f"a charge that is {state} can't take {type(event).__name__}")
    return target


def _target(event: ChargeEvent) -> ChargeState:
    match event:
        case Submitted():
            return ChargeState.SUBMITTING
        case Released():
            return ChargeState.RELEASED
        case Paid() | OrderMoved() | ProvenGone():
            return ChargeState.PAID
        case Mismatched():
            return ChargeState.MISMATCH
        case LinkShown():
            return ChargeState.AWAITING_PAYMENT
        case LinkExpired():
            return ChargeState.EXPIRED
        case Unknown():
            return ChargeState.IN_DOUBT
        case DebitFound():
            return ChargeState.ORPHANED
        case _:
            assert_never(event)


def _fits(state: ChargeState, event: ChargeEvent) -> bool:
    """Three events lead to `paid`; each belongs to its own states."""
    match event:
        case Paid():
            return state in (ChargeState.SUBMITTING, ChargeState.IN_DOUBT)
        case OrderMoved():
            return state in (ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED)
        case ProvenGone():
            return state is ChargeState.ACCRUING
        case _:
            return True
