"""Humans, as they are: quick, late, forgetful, and sometimes with an old code at hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random

from agent import result
from policies.money import Cents
from policies.offer import Rail
from policies.wish import Wish
from tests.simulation.process import Trace
from tests.simulation.provider import Provider
from tests.simulation.witness import Witness
from tools.spend_log.answer_rows import NewRunGrant
from tools.spend_log.codec import encode
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.port import Recorded
from tools.spend_log.rows import Approval, Decision

SOON = (1.0, 5.0, 5.0, 20.0, 50.0, 150.0, 500.0, 4000.0)


@dataclass
class People:
    """Everybody who may answer, pay, cancel or freeze, on a connection of their own."""

    dice: Random
    log: SqliteSpendLog
    witness: Witness
    provider: Provider
    trace: Trace
    later: Callable[[float, Callable[[], object]], object]
    old: list[tuple[str, Approval]] = field(default_factory=list)
    patient: bool = True
    _moved: list[tuple[str, str]] = field(default_factory=list)
    _shown: list[tuple[str, str]] = field(default_factory=list)

    def asked(self, run_ids: list[str]) -> None:
        """A question is about to be asked; somebody will look at it, or not."""
        if self.patient and self.dice.random() < 0.9:
            self.later(self.dice.choice(SOON), partial(self._answer_all, run_ids))

    def linked(self, order_id: str) -> None:
        """A link is there to be paid."""
        if self.patient and self.dice.random() < 0.8:
            self.later(self.dice.choice(SOON), lambda: self._look_at_link(order_id))

    def _answer_all(self, run_ids: list[str]) -> None:
        for run_id in run_ids:
            self._answer(run_id)

    def _answer(self, run_id: str) -> None:
        asked = self.log.approval(run_id)
        if asked is None or asked.decision is not None or (run_id, asked) in self.old:
            return
        self.old.append((run_id, asked))
        kind = self.dice.random()
        if kind < 0.08:
            self._say(run_id, asked, Decision.DENIED)
        elif kind < 0.16:
            self._say(run_id, asked, Decision.APPROVED, code="WRONG")
        elif kind < 0.22:
            self._say(run_id, asked, Decision.APPROVED, amount=asked.offer.amount - 1)
        elif kind < 0.3 and len(self.old) > 1:
            self._say(run_id, self.dice.choice(self.old)[1], Decision.APPROVED)
        elif kind < 0.4:
            self._ask_for_another(asked)
        elif kind < 0.48:
            self._grant(asked)
        else:
            self._say(run_id, asked, Decision.APPROVED)
        if self.dice.random() < 0.15:
            again = self.dice.choice((Decision.APPROVED, Decision.DENIED))
            self.later(self.dice.choice(SOON), lambda: self._say(run_id, asked, again))

    def _say(
        self, run_id: str, asked: Approval, decision: Decision, code: str | None = None, amount: int | None = None
    ) -> None:
        said = asked.code if code is None else code
        cents = Cents(asked.offer.amount if amount is None else amount)
        recorded = self.log.decide(run_id, said, cents, decision, "me", self.witness.clock.now())
        self.trace.note("human", f"{decision} {run_id}: {type(recorded).__name__}")
        if isinstance(recorded, Recorded) and decision is Decision.APPROVED:
            self.witness.words.approved[recorded.approval.approval_id] = encode(recorded.approval.offer)

    def _ask_for_another(self, asked: Approval) -> None:
        run_id, hours = asked.offer.run_id, self.dice.choice((None, 1, 2, 3, 30))
        rail = Rail.STRIPE if hours is None else self.dice.choice((None, Rail.STRIPE, Rail.CREDITS))
        now = self.witness.clock.now()
        recorded = self.log.instead(run_id, asked.code, asked.offer.amount, Wish(rail, hours), "me", now)
        self.trace.note("human", f"asks {run_id} for {Wish(rail, hours)}: {type(recorded).__name__}")
        if isinstance(recorded, Recorded) and hours is not None:
            self.witness.words.hours.setdefault(run_id, set()).add(hours)

    def _grant(self, asked: Approval) -> None:
        offer, now = asked.offer, self.witness.clock.now()
        amount, pods = Cents(offer.amount * self.dice.choice((1, 2, 3))), self.dice.choice((1, 2, 3))
        grant_id = f"grant-{offer.run_id}-{offer.attempt}"
        new = NewRunGrant(grant_id, amount, pods, now + timedelta(seconds=self.dice.choice((300, 3600, 86400))))
        recorded = self.log.grant_run(offer.run_id, asked.code, offer.amount, new, "me", now)
        self.trace.note("human", f"grants {offer.run_id} {amount} and {pods}: {type(recorded).__name__}")
        if isinstance(recorded, Recorded):
            self.witness.words.approved[asked.approval_id] = encode(offer)
            self.witness.words.granted[grant_id] = (offer, new)
            if self.dice.random() < 0.2:
                self.later(self.dice.choice(SOON), lambda: self._take_back(grant_id))

    def _take_back(self, grant_id: str) -> None:
        self.trace.note("human", f"takes back {grant_id}")
        self.log.revoke_run_grant(grant_id, "me", self.witness.clock.now())

    def links(self) -> list[tuple[str, str]]:
        """The links that `show` shows now, by order; looked at again when money or a run has moved."""
        moved = [(row["charge_id"], row["state"]) for row in self.witness.charges if row["rail"] == "stripe"]
        if not moved:
            return []
        moved += [(row["run_id"], row["status"]) for row in self.witness.runs.values()]
        if moved == self._moved:
            return self._shown
        self._moved, self._shown = moved, []
        for run in self.log.runs():
            link = result.link_to_pay(self.log, run, self.provider.clock.now())
            if link:
                url = link.url
                orders = [order.order_id for order in self.log.orders(run.run_id) if order.checkout_url == url]
                self._shown += [(order_id, url) for order_id in orders]
                self.witness.words.shown.update(dict.fromkeys(orders, url))
        return self._shown

    def _look_at_link(self, order_id: str) -> None:
        """One who has seen it may pay it whenever they like."""
        if order_id in self.witness.words.shown:
            paid = self.provider.pay(order_id)
            self.trace.note("human", f"pays {order_id}: {paid}")
            if self.dice.random() < 0.1:
                self.later(self.dice.choice(SOON), lambda: self.provider.pay(order_id))

    def cancel(self, run_id: str) -> None:
        now = self.witness.clock
        self.trace.note("human", f"cancels {run_id}")
        self.log.request_cancel(run_id, now.now(), "me")
        self.witness.words.cancelled.setdefault(run_id, now.monotonic())

    def freeze(self) -> None:
        self.trace.note("human", "freezes")
        self.log.freeze("a human", self.witness.clock.now())
        if self.dice.random() < 0.7:
            self.later(self.dice.choice(SOON), self.unfreeze)

    def unfreeze(self) -> None:
        self.trace.note("human", "unfreezes")
        self.log.unfreeze(self.witness.clock.now())
