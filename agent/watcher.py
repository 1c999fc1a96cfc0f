"""One watcher per driving process: it keeps the next-look times of parked runs and wakes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.errors import LeaseHeld
from agent.parking import Cause
from agent.parts import Parts
from agent.wanted import another_is_wanted
from policies.judge import order_moved
from policies.order import phase
from policies.patience import DEPLOY, GONE, HOST, HUMAN, PAYMENT, TURN, next_look
from policies.policy import Policy
from policies.reconcile import between_readings
from tools.errors import Malformed, MarketUnavailable, Refused
from tools.spend_log.rows import Awaited, Decision, Parked

_WAITS: dict[Awaited, Sequence[float]] = {
    Awaited.HUMAN: HUMAN,
    Awaited.PAYMENT: PAYMENT,
    Awaited.DEPLOY: DEPLOY,
    Awaited.HOST: HOST,
    Awaited.GONE: GONE,
    Awaited.TURN: TURN,
}


def waits(awaited: Awaited, policy: Policy) -> Sequence[float]:
    """Seconds between looks; a doubt is looked at as often as its settle window needs readings."""
    rules = policy.reconcile
    if awaited is Awaited.DOUBT:
        return (between_readings(rules.settle_seconds, rules.readings),)
    return _WAITS[awaited]


def longest_wait(policy: Policy) -> float:
    """Seconds between looks, at most: a next look that is further away was noted before the clock was set back."""
    return max(max(waits(awaited, policy)) for awaited in Awaited)


LOOKED_AT_SOON = frozenset({Awaited.HOST, Awaited.GONE, Awaited.DOUBT})
"""These go on for a while after a cancel, so a cancel does not wake them before their next look."""

OWN_EYES_SECONDS = 0.5
"""How often cancels and decisions are read from the spend log, which costs the provider nothing."""


@dataclass(frozen=True, slots=True)
class Wakeup:
    """A parked run that may go on."""

    run_id: str
    cause: Cause


class Watcher:
    """Watches the parked runs that this process drives."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def wait(self, run_ids: Sequence[str]) -> Wakeup:
        """Sleep and look until one of these parked runs may go on.

        Raises:
            LeaseHeld: none of them is parked any more: another process drives it.
        """
        while True:
            parked = [row for row in self._parts.log.parked() if row.run_id in run_ids]
            if not parked:
                raise LeaseHeld("another process has woken the run")
            for row in sorted(parked, key=lambda row: min(row.until, row.next_look)):
                cause = await self.look(row)
                if cause is not None:
                    return Wakeup(row.run_id, cause)
            await self._parts.clock.sleep(OWN_EYES_SECONDS)

    async def look(self, row: Parked, *, at_once: bool = False) -> Cause | None:
        """One look at one parked run, if it is due or `at_once`; notes the next one. None: nothing changed."""
        said = self.heard(row)
        if said is not None:
            return said
        now = self._parts.clock.now()
        if now < row.until and not at_once and not self._is_due(row, now):
            return None
        changed = await self._changed(row, now)
        if changed:
            return "changed"
        if now >= row.until:
            return "deadline"
        self._parts.log.looked(row.run_id, row.seen, next_look(self._waits(row), row.looks + 1, now, row.until))
        return None

    def heard(self, row: Parked) -> Cause | None:
        """What a human has said of one parked run; notes nothing."""
        if row.awaited not in LOOKED_AT_SOON and self._parts.run(row.run_id).cancel_requested:
            return "cancelled"
        if row.awaited is Awaited.HUMAN and self._decided(row.run_id):
            return "changed"
        return None

    def _is_due(self, row: Parked, now: datetime) -> bool:
        """A next look that is further away than any wait was noted before the clock was set back."""
        ahead = (row.next_look - now).total_seconds()
        return ahead <= 0 or ahead > max(self._waits(row))

    def _waits(self, row: Parked) -> Sequence[float]:
        return waits(row.awaited, self._parts.policy)

    def _decided(self, run_id: str) -> bool:
        """A yes counts while the offer stands; a no always, and so does a wish for another offer."""
        approval = self._parts.log.approval(run_id)
        if approval is None:
            return another_is_wanted(self._parts.log, run_id)
        if approval.decision is None:
            return False
        return approval.decision is not Decision.APPROVED or self._parts.clock.now() < approval.expires_at

    async def _changed(self, row: Parked, now: datetime) -> bool:
        match row.awaited:
            case Awaited.HUMAN:
                return False
            case Awaited.HOST | Awaited.GONE | Awaited.TURN | Awaited.DOUBT:
                return True
            case Awaited.DEPLOY:
                return await self._order_changed(row)
            case Awaited.PAYMENT:
                return await self._paid(row, now)

    async def _order_changed(self, row: Parked) -> bool:
        """A new status, or an address of a running pod, which may come after the status."""
        order = self._parts.log.order(row.what)
        if order is None:
            return True
        try:
            view = await self._parts.look(order)
        except (MarketUnavailable, Malformed, Refused):
            return False
        return view.status != row.seen or (phase(view.status) == "running" and view.ssh is not None)

    async def _paid(self, row: Parked, now: datetime) -> bool:
        """While a link is unpaid, each look moves the earliest moment at which it can have been paid."""
        order = self._parts.log.order(row.what)
        if order is None:
            return True
        try:
            view = await self._parts.look(order)
        except (MarketUnavailable, Malformed, Refused):
            return False
        if order_moved(order.first_status, view.status):
            return True
        self._parts.log.mark_order(order.order_id, paid_from=now)
        return False
