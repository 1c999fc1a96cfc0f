"""The provider's books against the spend log: what must hold once a killed run has been resumed."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from policies.money import Cents, usd
from tools.spend_log.rows import ENDED, OrderRow, RunStatus, Totals

GONE = frozenset({"terminated", "reserved"})
"""An order that is `reserved` was never paid: it is a link, not a pod."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a killed and resumed run stands.

    Attributes:
        orders: the provider's own, oldest first, as its books have them.
        debits: what the provider took for them, in order.
        status: of the run; None when it was killed before it was submitted.
        reason: that is given for it.
        known: the orders in the spend log, oldest first.
        booked: what the spend log has each of them for, in cents, storage aside.
        broken: what is wrong with the history, if anything is.
        code: the exit code of the last command.
        codes: those that are right here.
        unanswered: a process was killed after its intent to spend was written and before the answer was.
        starts: how often the job began.
        ends: how often it came to its end.
        lost: outputs of a job that ended which are not here, or not byte for byte.
        kept: outputs can't be fetched, so the pod is to be stopped.
    """

    orders: list[dict[str, Any]]
    debits: list[dict[str, Any]]
    status: RunStatus | None
    reason: str
    known: list[OrderRow]
    booked: dict[str, int]
    totals: Totals
    broken: str | None
    code: int
    codes: frozenset[int]
    unanswered: bool
    starts: int
    ends: int
    lost: list[str]
    kept: bool

    @property
    def unknown(self) -> list[str]:
        """Orders that were paid and whose answer never came."""
        known = {order.order_id for order in self.known}
        return [debit["order_id"] for debit in self.rents if debit["order_id"] not in known]

    @property
    def rents(self) -> list[dict[str, Any]]:
        """What was taken for pods; the storage of a stopped one is not that."""
        return [debit for debit in self.debits if debit["kind"] == "rent"]

    @property
    def double_payments(self) -> list[str]:
        """An order paid twice, an attempt paid twice, and anything bought after a purchase whose outcome is unknown."""
        paid = [debit["order_id"] for debit in self.rents]
        attempts = [order.attempt for order in self.known if order.order_id in paid]
        twice = [order_id for order_id in dict.fromkeys(paid) if paid.count(order_id) > 1]
        twice += [f"attempt {attempt}" for attempt in dict.fromkeys(attempts) if attempts.count(attempt) > 1]
        after = [order_id for order_id in self.unknown if order_id != paid[-1]]
        return [*twice, *(f"another one after {order_id}" for order_id in after)]

    @property
    def pods_left(self) -> list[str]:
        """Pods that nobody ended. A pod nobody can know is none of them; nor is one that is stopped to be kept."""
        fine = {*GONE, "stopped"} if self.kept else GONE
        unknowable = set(self.unknown) if self.unanswered else set()
        return [o["order_id"] for o in self.orders if o["status"] not in fine and o["order_id"] not in unknowable]

    @property
    def below(self) -> Cents:
        """Cents that the market took and the spend log does not count."""
        counted = self.totals.spent + self.totals.held + self.totals.in_doubt
        return Cents(max(0, sum(debit["cents"] for debit in self.debits) - counted))


def problems(ending: Ending) -> Iterator[str]:
    """What does not hold, in words."""
    yield from (f"paid twice: {what}" for what in ending.double_payments)
    yield from (f"left running: {order_id}" for order_id in ending.pods_left)
    yield from (f"not at home: {name}" for name in ending.lost)
    if ending.below:
        yield f"the market took ${usd(ending.below)} more than the spend log counts"
    yield from _unknown(ending)
    yield from _booked(ending)
    yield from _one_after_another(ending)
    if ending.code not in ending.codes:
        yield f"exit code {ending.code}, not {sorted(ending.codes)}: {ending.reason}"
    if ending.broken:
        yield f"the history is broken: {ending.broken}"
    if ending.status is not None and ending.status not in ENDED:
        yield f"the run has not ended: {ending.status}"
    if ending.starts > len(ending.rents):
        yield f"the job began {ending.starts} times on {len(ending.rents)} pods"


def _unknown(ending: Ending) -> Iterator[str]:
    """Nobody can know the order of an answer that was never stored; any other one is a loss."""
    if ending.unknown and not ending.unanswered:
        yield f"nobody knows of {ending.unknown}, and every answer was stored"
    if ending.unknown and ending.code != 7:
        yield f"money is gone for an order that nobody knows, and the exit code is {ending.code}"


def _booked(ending: Ending) -> Iterator[str]:
    """Every order that both know costs the same on both sides."""
    for debit in ending.rents:
        booked = ending.booked.get(debit["order_id"], debit["cents"])
        if booked != debit["cents"]:
            yield f"{debit['order_id']} is booked with {booked} cents, the market took {debit['cents']}"


def _one_after_another(ending: Ending) -> Iterator[str]:
    """A pod is rented only when the one before it is proven gone."""
    paid = {debit["order_id"] for debit in ending.rents}
    pods = [order for order in ending.known if order.order_id in paid]
    for before, after in pairwise(pods):
        if before.gone_at is None or before.gone_at > after.created_at:
            yield f"{after.order_id} was rented while {before.order_id} was not proven gone"
